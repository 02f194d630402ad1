import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { IDeployment } from 'kubernetes-models/apps/v1';
import type { IJob } from 'kubernetes-models/batch/v1';
import type { IConfigMap, IPodTemplateSpec, IService } from 'kubernetes-models/v1';
import { CHARTS, Helm, type ChartName } from './helm.ts';
import { parseManifests, problemsOf, type Manifest } from './manifests.ts';
import { RESTRICTED_POD } from './pod-policy.ts';

interface Render {
  name: string;
  chart: ChartName;
  manifests: Manifest[];
}

const VALUES = ['values.yaml', 'ci/all-values.yaml'];
const CASES = CHARTS.flatMap((chart) =>
  VALUES.map((values) => ({ name: `${chart} with ${values}`, chart, values })),
);
const WITH_DATABASE = CASES.filter(({ chart }) => chart !== 'gateway');

let helm: Helm;
const renders = new Map<string, Render>();

beforeAll(async () => {
  helm = await Helm.prepare();
  for (const { name, chart, values } of CASES) {
    renders.set(name, {
      name,
      chart,
      manifests: await render(chart, '--values', `${helm.chart(chart)}/${values}`),
    });
  }
}, 240_000);

afterAll(() => helm?.[Symbol.asyncDispose]());

async function render(chart: ChartName, ...args: string[]): Promise<Manifest[]> {
  return parseManifests(await helm.ok('template', chart, helm.chart(chart), ...args));
}

function find<T>(manifests: readonly Manifest[] | undefined, kind: string): T {
  const found = manifests?.filter((manifest) => manifest.kind === kind) ?? [];
  if (found.length !== 1) throw new Error(`${found.length} manifests of kind ${kind}`);
  return found[0] as T;
}

function parts(name: string) {
  const manifests = renders.get(name)?.manifests;
  const deployment = find<IDeployment>(manifests, 'Deployment');
  const template = deployment.spec?.template as IPodTemplateSpec;
  const data = find<IConfigMap>(manifests, 'ConfigMap').data ?? {};
  const [container] = template.spec?.containers ?? [];
  if (!container || !template.spec) throw new Error('no container');
  return {
    manifests,
    deployment,
    template,
    pod: template.spec,
    container,
    data,
    service: find<IService>(manifests, 'Service'),
  };
}

describe('every chart', () => {
  it.each(CASES)('passes helm lint --strict: $name', async ({ chart, values }) => {
    await helm.ok('lint', '--strict', helm.chart(chart), '--values', `${helm.chart(chart)}/${values}`);
  });

  it('renders what the Kubernetes API takes, with every key spelt right', () => {
    const all = [...renders.values()].flatMap(({ manifests }) => manifests);
    expect(all.length).toBeGreaterThanOrEqual(CASES.length * 4);
    expect(problemsOf(all)).toEqual([]);
  });

  it('refuses a cluster without native preStop.sleep', async () => {
    const { code, stderr } = await helm.try(
      'template',
      'x',
      helm.chart('orders'),
      '--kube-version',
      '1.29.9',
    );
    expect({ code, stderr }).toEqual({ code: 1, stderr: expect.stringContaining('>=1.30.0-0') });
  });

  it.each([
    ['replicaCont=3', 'replicaCont'],
    ['replicaCount=two', '/replicaCount'],
    ['replicaCount=0', '/replicaCount'],
    ['config.LOG_LEVEL=loud', '/config/LOG_LEVEL'],
    ['config.DATABASE_URL=postgres://u:p@h/d', 'DATABASE_URL'],
    ['image.digest=sha256:short', '/image/digest'],
    ['resources.limits.memory=plenty', '/resources/limits/memory'],
    ['shutdown.drainSecond=3', 'drainSecond'],
  ])('refuses the value %s', async (value, named) => {
    for (const chart of CHARTS) {
      const { code, stderr } = await helm.try('template', chart, helm.chart(chart), '--set', value);
      expect({ code, stderr }).toEqual({ code: 1, stderr: expect.stringContaining(named) });
    }
  });

  it('has the same schema for what all of them have', () => {
    const schemas = CHARTS.map((chart) => readSchema(chart));
    const [first = {}, ...others] = schemas;
    for (const key of Object.keys(first).filter((name) => name !== 'config')) {
      for (const other of others) expect({ [key]: other[key] }).toEqual({ [key]: first[key] });
    }
    expect(schemas[1]).toEqual({ ...schemas[2], config: expect.anything() });
  });

  it.each(CHARTS)('prints the next commands: %s', async (chart) => {
    const printed = await helm.ok(
      'install',
      `my-${chart}`,
      helm.chart(chart),
      '--dry-run=client',
      '--namespace',
      'shop',
    );
    const notes = printed.slice(printed.indexOf('NOTES:'));
    expect(notes).toContain(`kubectl --namespace shop rollout status deployment/my-${chart}`);
    expect(notes.includes('create secret generic')).toBe(chart !== 'gateway');
  });

  function readSchema(chart: ChartName): Record<string, unknown> {
    const schema = JSON.parse(readFileSync(`${helm.chart(chart)}/values.schema.json`, 'utf8'));
    expect(schema.additionalProperties).toBe(false);
    return schema.properties;
  }
});

describe.each(CASES)('the pods of $name', ({ name, chart }) => {
  it.each(RESTRICTED_POD)('$rule', ({ holds }) => {
    const { manifests, template } = parts(name);
    const jobs = manifests?.filter(({ kind }) => kind === 'Job') as IJob[];
    const pods = [template.spec, ...jobs.map((job) => job.spec?.template.spec)];
    expect(pods).toHaveLength(chart === 'gateway' ? 1 : 2);
    for (const pod of pods) expect(pod && holds(pod)).toBe(true);
  });

  it('are probed on the management port, which the Service does not offer', () => {
    const { container, data, service } = parts(name);
    const ports = Object.fromEntries(container.ports?.map((port) => [port.name, port.containerPort]) ?? []);
    const probes = [container.startupProbe, container.livenessProbe, container.readinessProbe];
    expect(probes.map((probe) => probe?.httpGet?.path)).toEqual(['/startupz', '/livez', '/readyz']);
    for (const probe of probes)
      expect(String(ports[String(probe?.httpGet?.port)])).toBe(data.MANAGEMENT_PORT);
    const offered = service.spec?.ports?.map(({ targetPort }) => String(ports[String(targetPort)]));
    expect(offered).toEqual([data.PORT ?? data.GRPC_PORT]);
  });

  it('are given longer than sleeping and draining take', () => {
    const { pod, container, data } = parts(name);
    const sleep = container.lifecycle?.preStop?.sleep?.seconds ?? Number.NaN;
    const drain = (Number(data.SHUTDOWN_WAIT_MS) + Number(data.SHUTDOWN_DRAIN_MS)) / 1000;
    expect(sleep).toBeGreaterThan(0);
    expect(drain).toBeGreaterThan(0);
    expect(pod.terminationGracePeriodSeconds).toBeGreaterThanOrEqual(sleep + drain + 5);
  });

  it('are found by the Service and the Deployment, and alone', () => {
    const { manifests, deployment, template, service } = parts(name);
    const selector = deployment.spec?.selector.matchLabels;
    expect(service.spec?.selector).toEqual(selector);
    expect(template.metadata?.labels).toMatchObject(selector ?? { none: 'none' });
    const job = manifests?.find(({ kind }) => kind === 'Job') as IJob | undefined;
    if (job) expect(job.spec?.template.metadata?.labels).not.toMatchObject(selector ?? {});
  });

  it('roll without a gap, spread out, under their own account', () => {
    const { deployment, pod } = parts(name);
    expect(deployment.spec?.strategy?.rollingUpdate?.maxUnavailable).toBe(0);
    expect(pod.topologySpreadConstraints?.map(({ topologyKey }) => topologyKey)).toEqual([
      'topology.kubernetes.io/zone',
      'kubernetes.io/hostname',
    ]);
    expect(pod.serviceAccountName).toBe(chart);
  });
});

describe('configuration', () => {
  it('restarts the pods when it changes, and only then', async () => {
    const checksum = async (...args: string[]): Promise<unknown> => {
      const deployment = find<IDeployment>(await render('orders', ...args), 'Deployment');
      return deployment.spec?.template.metadata?.annotations?.['checksum/config'];
    };
    const first = await checksum();
    expect(await checksum('--set', 'replicaCount=5')).toBe(first);
    expect(await checksum('--set', 'config.LOG_LEVEL=debug')).not.toBe(first);
    expect(await checksum('--set', 'shutdown.drainSeconds=20')).not.toBe(first);
  });

  it('writes large numbers out and leaves out what is empty', () => {
    expect(parts('gateway with ci/all-values.yaml').data.REQUEST_DEADLINE_MS).toBe('2500000');
    expect(parts('gateway with values.yaml').data).not.toHaveProperty('OTEL_EXPORTER_OTLP_ENDPOINT');
  });

  it.each(WITH_DATABASE)(
    'takes secrets from an existing Secret and from nowhere else: $name',
    ({ name, values }) => {
      const { container, data, manifests } = parts(name);
      const secret = values === 'values.yaml' ? name.split(' ')[0] : `${name.split(' ')[0]}-app`;
      expect(container.env).toEqual(
        ['DATABASE_URL', 'NATS_URL'].map((key) => ({
          name: key,
          valueFrom: { secretKeyRef: { name: secret, key } },
        })),
      );
      expect(Object.keys(data)).not.toContain('DATABASE_URL');
      expect(manifests?.map(({ kind }) => kind)).not.toContain('Secret');
    },
  );
});

describe('images', () => {
  it('come by tag, or by digest when one is given', async () => {
    const image = async (...args: string[]): Promise<unknown> =>
      find<IDeployment>(await render('orders', ...args), 'Deployment').spec?.template.spec?.containers[0]
        ?.image;
    const digest = `sha256:${'a'.repeat(64)}`;
    expect(await image()).toMatch(/\/orders:0\.1\.0$/);
    expect(await image('--set', 'image.tag=1.2.3')).toMatch(/\/orders:1\.2\.3$/);
    expect(await image('--set', `image.tag=1.2.3,image.digest=${digest}`)).toMatch(
      new RegExp(`/orders@${digest}$`),
    );
  });
});

describe('migrations', () => {
  it.each(WITH_DATABASE)(
    'are a hook before the pods, by the same image: $name',
    ({ name, chart, values }) => {
      const { manifests, container } = parts(name);
      const job = find<IJob>(manifests, 'Job');
      expect(job.metadata?.annotations).toMatchObject({
        'helm.sh/hook': 'pre-install,pre-upgrade',
        'helm.sh/hook-delete-policy': 'before-hook-creation',
      });
      expect(job.spec).toMatchObject({
        backoffLimit: values === 'values.yaml' ? 1 : 0,
        activeDeadlineSeconds: 300,
        ttlSecondsAfterFinished: 86_400,
      });
      const [migrate] = job.spec?.template.spec?.containers ?? [];
      expect(migrate?.image).toBe(container.image);
      expect(migrate?.command).toBeUndefined();
      expect(migrate?.args).toEqual(['app/dist/migrate.js']);
      const secret = values === 'values.yaml' ? chart : `${chart}-owner`;
      expect(migrate?.env).toEqual([
        { name: 'DATABASE_URL', valueFrom: { secretKeyRef: { name: secret, key: 'DATABASE_URL' } } },
      ]);
    },
  );

  it('need nothing of the release, which does not exist yet when they run', () => {
    const job = find<IJob>(renders.get('orders with values.yaml')?.manifests, 'Job');
    expect(job.spec?.template.spec?.serviceAccountName).toBeUndefined();
    expect(JSON.stringify(job)).not.toContain('configMapRef');
  });

  it('can be left to somebody else', async () => {
    const manifests = await render('orders', '--set', 'migration.enabled=false');
    expect(manifests.map(({ kind }) => kind)).not.toContain('Job');
  });
});

describe('orders', () => {
  it('has a headless Service, so that a gRPC client sees every pod', () => {
    const clusterIP = (name: string): string | undefined => parts(name).service.spec?.clusterIP;
    expect(clusterIP('orders with values.yaml')).toBe('None');
    expect(clusterIP('gateway with values.yaml')).toBeUndefined();
  });

  it('is where the gateway looks for it', () => {
    const { service } = parts('orders with values.yaml');
    const address = `${service.metadata?.name}:${service.spec?.ports?.[0]?.port}`;
    expect(parts('gateway with values.yaml').data.ORDERS_ADDRESS).toBe(address);
  });
});

describe('the check of manifests', () => {
  const deploymentWith = (change: (text: string) => string): Manifest[] => {
    const { deployment } = parts('orders with values.yaml');
    return [JSON.parse(change(JSON.stringify(deployment))) as Manifest];
  };

  it.each([
    ['a misspelt key', '"readinessProbe"', '"readynessProbe"', 'readynessProbe'],
    [
      'a misspelt key deep down',
      '"readOnlyRootFilesystem"',
      '"readonlyRootFilesystem"',
      'readonlyRootFilesystem',
    ],
    ['a wrong type', '"replicas":2', '"replicas":"two"', 'replicas'],
    ['a wrong value', '"whenUnsatisfiable":"ScheduleAnyway"', '"whenUnsatisfiable":"Sometimes"', 'Sometimes'],
    ['a kind that nobody knows', '"kind":"Deployment"', '"kind":"Deploiment"', 'Deploiment'],
  ])('finds %s', (_what, right, wrong, named) => {
    expect(problemsOf(deploymentWith((text) => text)).length).toBe(0);
    expect(problemsOf(deploymentWith((text) => text.replace(right, wrong))).join()).toContain(named);
  });
});
