import type { IDeployment } from 'kubernetes-models/apps/v1';
import type { IJob } from 'kubernetes-models/batch/v1';
import type { IPodDisruptionBudget } from 'kubernetes-models/policy/v1';
import type { IContainer, IPod, IPodSpec } from 'kubernetes-models/v1';
import type { Manifest } from '../manifests.ts';
import { RESTRICTED_POD } from '../pod-policy.ts';

/** What no chart may render although the API takes it: a line for each mistake, with the manifest and what is wrong. */
export function mistakesIn(manifests: readonly Manifest[]): string[] {
  return manifests.flatMap((manifest) => {
    const mistakes = [...podMistakes(manifest), ...budgetMistakes(manifest, manifests)];
    return mistakes.map((mistake) => `${manifest.kind}/${manifest.metadata.name}: ${mistake}`);
  });
}

const PROBES = ['startupProbe', 'readinessProbe', 'livenessProbe'] as const;

function podMistakes(manifest: Manifest): string[] {
  const pod = podSpecOf(manifest);
  if (!pod) return [];
  const containers = [...pod.containers, ...(pod.initContainers ?? [])];
  const loose = RESTRICTED_POD.filter(({ holds }) => !holds(pod)).map(
    ({ rule }) => `its pods do not ${rule}`,
  );
  const unprobed = containers.flatMap((container) =>
    manifest.kind === 'Deployment'
      ? PROBES.filter((probe) => !container[probe]).map((probe) => `${container.name} has no ${probe}`)
      : [],
  );
  return [...loose, ...unprobed, ...containers.flatMap(variableMistakes), ...volumeMistakes(pod)];
}

function podSpecOf(manifest: Manifest): IPodSpec | undefined {
  if (manifest.kind === 'Pod') return (manifest as Manifest & IPod).spec;
  if (manifest.kind !== 'Deployment' && manifest.kind !== 'Job') return undefined;
  return (manifest as Manifest & (IDeployment | IJob)).spec?.template.spec;
}

function variableMistakes({ name, env = [] }: IContainer): string[] {
  const names = env.map((variable) => variable.name);
  const twice = names.filter((variable, index) => names.indexOf(variable) !== index);
  const keyless = env.filter(({ valueFrom }) => {
    const from = valueFrom?.secretKeyRef;
    return from && !(from.name && from.key);
  });
  return [
    ...twice.map((variable) => `${name} has ${variable} twice`),
    ...keyless.map((variable) => `${name} has ${variable.name} from a Secret without a key`),
  ];
}

function volumeMistakes({ containers, volumes = [] }: IPodSpec): string[] {
  const known = volumes.map(({ name }) => name);
  const mounted = containers.flatMap(({ volumeMounts = [] }) => volumeMounts.map(({ name }) => name));
  return mounted
    .filter((name) => !known.includes(name))
    .map((name) => `it mounts ${name}, which is no volume`);
}

/** A budget that allows no disruption blocks each drain of a node, for ever. */
function budgetMistakes(manifest: Manifest, manifests: readonly Manifest[]): string[] {
  if (manifest.kind !== 'PodDisruptionBudget') return [];
  const { maxUnavailable, minAvailable } = (manifest as Manifest & IPodDisruptionBudget).spec ?? {};
  const least = leastReplicas(manifests);
  const blocks =
    least < 2 ||
    (maxUnavailable !== undefined && Number.parseInt(String(maxUnavailable)) < 1) ||
    (minAvailable !== undefined && (typeof minAvailable === 'string' || minAvailable >= least));
  return blocks ? [`it blocks the drain of a node, with ${least} replicas`] : [];
}

function leastReplicas(manifests: readonly Manifest[]): number {
  const specs = manifests.map(({ kind, ...rest }) => ({
    kind,
    ...(rest as { spec?: Record<string, unknown> }),
  }));
  const number = (kind: string, key: string) => specs.find((each) => each.kind === kind)?.spec?.[key];
  const replicas =
    number('HorizontalPodAutoscaler', 'minReplicas') ??
    number('ScaledObject', 'minReplicaCount') ??
    number('Deployment', 'replicas');
  return Number(replicas ?? 1);
}
