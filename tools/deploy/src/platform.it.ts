import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { IDeployment } from 'kubernetes-models/apps/v1';
import type { INetworkPolicy } from 'kubernetes-models/networking.k8s.io/v1';
import type { IContainer, IPodSpec } from 'kubernetes-models/v1';
import { APPS } from '@orders/dev/stack/declarations';
import { ALL_CASES, ChartRenders, find, jobsOf, PLATFORM_CASES } from './chart-renders.ts';
import { cutEdges, type RenderedApps } from './charts/network-edges.ts';
import { mistakesIn } from './charts/rendered-mistakes.ts';
import { CHARTS } from './helm.ts';
import type { Manifest } from './manifests.ts';

let renders: ChartRenders;

beforeAll(async () => {
  renders = await ChartRenders.make();
}, 240_000);

afterAll(() => renders?.[Symbol.asyncDispose]());

const kindsOf = (manifests: readonly Manifest[]) => manifests.map(({ kind }) => kind);
const consumes = (chart: string) => APPS.some((app) => app.name === chart && app.consumes.length > 0);

describe.each(ALL_CASES)('what is rendered of $name', ({ name }) => {
  it('has no mistake that the API would take', () => {
    expect(mistakesIn(renders.of(name))).toEqual([]);
  });
});

describe.each(PLATFORM_CASES)('$name', ({ name, app, chart }) => {
  it('is scaled by its lag if it consumes, else by CPU, and by nothing else', () => {
    const { manifests, deployment } = renders.parts(name);
    const scalers = kindsOf(manifests).filter((kind) => /Autoscaler|ScaledObject/.test(kind));
    expect(scalers).toEqual([consumes(chart) ? 'ScaledObject' : 'HorizontalPodAutoscaler']);
    expect(deployment.spec?.replicas).toBeUndefined();
    if (consumes(chart))
      expect(JSON.stringify(manifests)).toContain(`"consumer":"${chart}","lagThreshold":"1000000"`);
  });

  it('gives a private CA to the pods and to the Jobs', () => {
    const { manifests, pod } = renders.parts(name);
    const pods = [pod, ...jobsOf(manifests).map((job) => job.spec?.template.spec as IPodSpec)];
    for (const { containers, volumes } of pods) {
      expect(volumes).toContainEqual({ name: 'ca', configMap: { name: 'company-ca' } });
      expect(containers[0]?.volumeMounts).toContainEqual({ name: 'ca', mountPath: '/ca', readOnly: true });
      expect(containers[0]?.env).toContainEqual({ name: 'NODE_EXTRA_CA_CERTS', value: '/ca/ca.crt' });
      expect(containers[0]?.envFrom).toContainEqual({ secretRef: { name: 'extra' } });
    }
  });

  it('has the sampler that is promised', () => {
    expect(renders.parts(name).data).toMatchObject({
      OTEL_TRACES_SAMPLER: 'parentbased_traceidratio',
      OTEL_TRACES_SAMPLER_ARG: '0.1',
    });
  });

  it('mounts the Secret of the certificate that is asked for', () => {
    const { manifests, pod } = renders.parts(name);
    const certificate = find<{ spec: object }>(manifests, 'Certificate');
    expect(certificate.spec).toMatchObject({
      secretName: `${chart}-tls`,
      commonName: chart,
      dnsNames: [chart],
    });
    const mounted = pod.volumes?.find((volume) => volume.name === 'tls')?.secret?.secretName;
    expect(mounted).toBe(`${chart}-tls`);
  });

  it('has its Secrets before the Jobs that read them', () => {
    const weights = (kind: string) =>
      renders
        .of(name)
        .filter((manifest) => manifest.kind === kind)
        .map(({ metadata }) => Number(metadata.annotations?.['helm.sh/hook-weight'] ?? 0));
    const jobs = weights('Job');
    for (const before of ['Certificate', 'ExternalSecret'].flatMap(weights))
      for (const job of jobs) expect(before).toBeLessThan(job);
    expect(weights('ExternalSecret')).toHaveLength(app.database ? 1 : 0);
  });

  it('restarts its pods by the Secrets whose variables they read', () => {
    const annotations = renders.parts(name).template.metadata?.annotations ?? {};
    const expected = app.database ? `${chart}-app,extra` : undefined;
    expect(annotations['secret.reloader.stakater.com/reload']).toBe(expected);
  });

  it('has waves of Argo CD instead of hooks of Helm, if it is told so', async () => {
    const file = `${renders.helm.chart(chart)}/ci/platform-values.yaml`;
    const manifests = await renders.render(chart, '--values', file, '--set', 'jobs.mode=argo');
    const annotations = manifests
      .filter(({ kind }) => kind !== 'Pod')
      .flatMap(({ metadata }) => Object.keys(metadata.annotations ?? {}));
    expect(annotations.filter((key) => key.startsWith('helm.sh/hook'))).toEqual([]);
    expect(annotations.includes('argocd.argoproj.io/sync-wave')).toBe(app.database);
  });
});

describe('a budget', () => {
  it.each(CHARTS)('is there for two replicas, and not for one: %s', async (chart) => {
    const budgets = async (set: string) =>
      kindsOf(await renders.render(chart, '--set', set)).filter((kind) => kind === 'PodDisruptionBudget');
    expect(await budgets('replicaCount=2')).toHaveLength(1);
    expect(await budgets('replicaCount=1')).toHaveLength(0);
    expect(await budgets('autoscaling.enabled=true,autoscaling.minReplicas=1')).toHaveLength(0);
  });
});

const REFUSED: readonly (readonly [value: string, named: string])[] = [
  ['podDisruptionBudget.maxUnavailable=0', '/podDisruptionBudget/maxUnavailable'],
  ['podDisruptionBudget.maxUnavailable=0%', '/podDisruptionBudget/maxUnavailable'],
  ['podDisruptionBudget.minAvailable=2', 'minAvailable'],
  ['securityContext.privileged=true', 'securityContext'],
  ['livenessProbe=null', 'livenessProbe'],
  ['config.OTEL_TRACES_SAMPLR=always_on', 'OTEL_TRACES_SAMPLR'],
  ['config.OTEL_TRACES_SAMPLER=sometimes', '/config/OTEL_TRACES_SAMPLER'],
  ['config.UNKNOWN=1', 'UNKNOWN'],
  ['extraEnv[0].name=A,extraEnv[0].valueFrom.secretKeyRef.name=s', "missing property 'key'"],
  ['extraEnv[0].name=LOG_LEVEL,extraEnv[0].value=info', 'config.LOG_LEVEL'],
  ['extraVolumes[0].name=host,extraVolumes[0].hostPath.path=/', 'hostPath'],
  ['extraVolumeMounts[0].name=a,extraVolumeMounts[0].mountPath=/tmp', '/extraVolumeMounts/0/mountPath'],
  ['certificate.enabled=true,tls.secretName=mine', '/tls/secretName'],
  ['networkPolicy.postgres.port=5432', "'port'"],
];

describe('the values', () => {
  it.each(REFUSED)('refuse %s, and name it', async (value, named) => {
    for (const chart of CHARTS) {
      const { code, stderr } = await renders.helm.try(
        ...['template', chart, renders.helm.chart(chart), '--set', value],
      );
      expect({ code, stderr }).toEqual({ code: 1, stderr: expect.stringContaining(named) });
    }
  });

  it('refuse a NATS Secret without a key, KEDA beside an autoscaler, a route without a Gateway', async () => {
    const wrong: [chart: string, values: string, named: string][] = [
      ['orders', 'nats.secretName=files', '/nats'],
      ['orders', 'extraEnv[0].name=DATABASE_URL', 'Secret orders'],
      ['fulfillment', 'keda.enabled=true,autoscaling.enabled=true', '/autoscaling/enabled'],
      ['gateway', 'httpRoute.enabled=true', '/httpRoute/parentRefs'],
      ['gateway', 'test.enabled=true', '/test/tokenSecret'],
    ];
    for (const [chart, values, named] of wrong.filter(([name]) => CHARTS.includes(name))) {
      const { code, stderr } = await renders.helm.try(
        ...['template', chart, renders.helm.chart(chart), '--set', values],
      );
      expect({ code, stderr }).toEqual({ code: 1, stderr: expect.stringContaining(named) });
    }
  });
});

describe('the network policies', () => {
  const rendered = (values: string): RenderedApps =>
    Object.fromEntries(CHARTS.map((chart) => [chart, renders.of(`${chart} with ${values}`)]));
  const checked = APPS.filter(({ name }) => CHARTS.includes(name));

  it.each(['values.yaml', 'ci/platform-values.yaml'])('cut no declared edge: %s', (values) => {
    expect(cutEdges(rendered(values), checked)).toEqual([]);
  });

  it('that cut a declared edge are found, and the edge is named', () => {
    const [app] = checked;
    if (!app) throw new Error('no app');
    const manifests = structuredClone(renders.of(`${app.name} with values.yaml`));
    const policy = find<INetworkPolicy>(manifests, 'NetworkPolicy');
    policy.spec!.egress = policy.spec!.egress!.filter(({ ports }) => ports?.every(({ port }) => port !== 53));
    policy.spec!.ingress = [];
    const cut = cutEdges({ ...rendered('values.yaml'), [app.name]: manifests }, checked);
    expect(cut).toEqual(
      expect.arrayContaining([`${app.name} → DNS:53`, `monitoring → ${app.name}:management`]),
    );
  });

  it('let nothing in that is not declared', () => {
    for (const chart of CHARTS) {
      const { spec } = find<INetworkPolicy>(renders.of(`${chart} with values.yaml`), 'NetworkPolicy');
      expect(spec?.policyTypes).toEqual(['Ingress', 'Egress']);
      const grpc = spec?.ingress?.filter(({ ports }) => ports?.some(({ port }) => port === 'grpc')) ?? [];
      for (const { from } of grpc) expect(from?.length).toBeGreaterThan(0);
    }
  });
});

type Change = (container: IContainer, pod: IPodSpec) => void;
const PLANTED: readonly (readonly [named: string, change: Change])[] = [
  ['server has no readinessProbe', (container) => void delete container.readinessProbe],
  ['drop every capability', (container) => void delete container.securityContext?.capabilities],
  ['loosen nothing', (container) => void (container.securityContext!.privileged = true)],
  ['run as non-root', (_, pod) => void (pod.securityContext!.runAsNonRoot = false)],
  ['A twice', (container) => void (container.env = [{ name: 'A' }, { name: 'A' }])],
  [
    'A from a Secret without a key',
    (container) => {
      container.env = [{ name: 'A', valueFrom: { secretKeyRef: { name: 's', key: '' } } }];
    },
  ],
  [
    'mounts away, which is no volume',
    (container) => {
      container.volumeMounts = [...(container.volumeMounts ?? []), { name: 'away', mountPath: '/away' }];
    },
  ],
];

describe('a mistake in what is rendered', () => {
  it.each(PLANTED)('is found: %s', (named, change) => {
    const [chart = ''] = CHARTS;
    const manifests = structuredClone(renders.of(`${chart} with values.yaml`));
    const pod = find<IDeployment>(manifests, 'Deployment').spec?.template.spec as IPodSpec;
    const [container] = pod.containers;
    if (!container) throw new Error('no container');
    change(container, pod);
    expect(mistakesIn(manifests).join('\n')).toContain(named.replace('server', container.name));
  });

  it('is found: a budget that blocks a drain', () => {
    const [chart = ''] = CHARTS;
    const manifests = structuredClone(renders.of(`${chart} with values.yaml`));
    find<IDeployment>(manifests, 'Deployment').spec!.replicas = 1;
    expect(mistakesIn(manifests)).toEqual([
      `PodDisruptionBudget/${chart}: it blocks the drain of a node, with 1 replicas`,
    ]);
  });
});
