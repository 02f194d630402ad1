import type { INetworkPolicy } from 'kubernetes-models/networking.k8s.io/v1';
import type { IDeployment } from 'kubernetes-models/apps/v1';
import type { AppDeclaration } from '@orders/dev/stack/declarations';
import { calledBy, isFront, usesNats } from '@orders/dev/stack/wiring';
import type { Manifest } from '../manifests.ts';

/** The manifests of each app, by its name, all in one namespace. */
export type RenderedApps = Readonly<Record<string, readonly Manifest[]>>;

type Labels = Readonly<Record<string, string>>;
type Policy = NonNullable<INetworkPolicy['spec']>;
type Rule = NonNullable<Policy['egress']>[number];
type Peers = Rule['to'];
type Selector = NonNullable<NonNullable<Peers>[number]['podSelector']>;

/** Servers that are no apps, with the port that each has in the defaults of the charts, and who connects to them. */
const SERVERS: readonly (readonly [string, number, (app: AppDeclaration) => boolean])[] = [
  ['DNS', 53, () => true],
  ['OTLP', 4318, () => true],
  ['Postgres', 5432, ({ database }) => database],
  ['NATS', 4222, usesNats],
  ['issuer', 443, ({ tokens }) => tokens],
];

/**
 * Declared edges that the policies cut, each as `gateway → orders:50051`: calls between apps, requests of clients, metrics,
 * and connections to servers.
 */
export function cutEdges(rendered: RenderedApps, apps: readonly AppDeclaration[]): string[] {
  const pods = new Map(apps.map((app) => [app.name, podOf(rendered[app.name] ?? [])]));
  const pod = (name: string) => pods.get(name) ?? podOf([]);
  const calls = apps.flatMap((app) =>
    calledBy(app, apps).map(({ name, ports }): [string, boolean] => [
      `${app.name} → ${name}:${ports.grpc}`,
      leaves(pod(app.name), ports.grpc ?? 0, pod(name).labels) &&
        enters(pod(name), 'grpc', pod(app.name).labels),
    ]),
  );
  const servers = apps.flatMap((app) =>
    SERVERS.filter(([, , connects]) => connects(app)).map(([server, port]): [string, boolean] => [
      `${app.name} → ${server}:${port}`,
      leaves(pod(app.name), port),
    ]),
  );
  const incoming = apps.flatMap((app): [string, boolean][] => [
    [`monitoring → ${app.name}:management`, enters(pod(app.name), 'management')],
    ...(isFront(app)
      ? [[`clients → ${app.name}:http`, enters(pod(app.name), 'http')] as [string, boolean]]
      : []),
  ]);
  return [...calls, ...servers, ...incoming].flatMap(([edge, passes]) => (passes ? [] : [edge]));
}

interface Pod {
  labels: Labels;
  /** Those that select it. None lets everything pass. */
  policies: readonly Policy[];
}

function podOf(manifests: readonly Manifest[]): Pod {
  const deployment = manifests.find(({ kind }) => kind === 'Deployment') as IDeployment | undefined;
  const labels = deployment?.spec?.template.metadata?.labels ?? {};
  const policies = manifests.filter(({ kind }) => kind === 'NetworkPolicy') as (Manifest & INetworkPolicy)[];
  return {
    labels,
    policies: policies.flatMap(({ spec }) => (spec && selects(spec.podSelector ?? {}, labels) ? [spec] : [])),
  };
}

/** Whether a pod may connect to a port; `to`: the labels of another pod, else a server anywhere. */
function leaves({ policies }: Pod, port: number, to?: Labels): boolean {
  const denies = policies.filter(({ policyTypes }) => policyTypes?.includes('Egress'));
  if (denies.length === 0) return true;
  return denies.some(({ egress }) =>
    egress?.some((rule) => hasPort(rule, port) && (to ? hasPeer(rule.to, to) : true)),
  );
}

/** Whether a pod may be connected to; `from`: the labels of another pod, else anybody whom the values allow. */
function enters({ policies }: Pod, port: string, from?: Labels): boolean {
  const denies = policies.filter(({ policyTypes }) => policyTypes?.includes('Ingress'));
  if (denies.length === 0) return true;
  return denies.some(({ ingress }) =>
    ingress?.some((rule) => hasPort(rule, port) && (from ? hasPeer(rule.from, from) : true)),
  );
}

function hasPort({ ports }: Pick<Rule, 'ports'>, wanted: number | string): boolean {
  return ports?.some(({ port, protocol }) => port === wanted && (protocol ?? 'TCP') === 'TCP') ?? true;
}

function hasPeer(peers: Peers, labels: Labels): boolean {
  return peers?.some(({ podSelector }) => podSelector !== undefined && selects(podSelector, labels)) ?? true;
}

function selects({ matchLabels = {}, matchExpressions = [] }: Selector, labels: Labels): boolean {
  return (
    Object.entries(matchLabels).every(([key, value]) => labels[key] === value) &&
    matchExpressions.every(({ key, operator, values }) => {
      const isIn = values?.includes(labels[key] ?? '') ?? false;
      return operator === 'In' ? isIn : operator === 'NotIn' ? !isIn : false;
    })
  );
}
