import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { IDeployment } from 'kubernetes-models/apps/v1';
import { ALL_CASES, CASES, ChartRenders, find, jobsOf } from './chart-renders.ts';
import { CHECKED } from './checked-apps.ts';
import { type AppDeclaration, EVERY_APP } from '@orders/dev/stack/declarations';
import { addressVariable, calledBy, portsOf } from '@orders/dev/stack/wiring';
import { CHARTS } from './helm.ts';
import { problemsOf } from './manifests.ts';
import { factsOf, OPTIONAL_SECRETS } from './charts/facts.ts';
import released from './charts/released.json' with { type: 'json' };
import { type Released, upgradeProblems } from './charts/upgrade.ts';
import { run } from './run.ts';
import { join } from 'node:path';

let renders: ChartRenders;

beforeAll(async () => {
  renders = await ChartRenders.make();
}, 240_000);

afterAll(() => renders?.[Symbol.asyncDispose]());

describe('every chart', () => {
  it.each(ALL_CASES)('passes helm lint --strict: $name', async ({ chart, values }) => {
    await renders.helm.ok(
      'lint',
      '--strict',
      renders.helm.chart(chart),
      '--values',
      `${renders.helm.chart(chart)}/${values}`,
    );
  });

  it('renders what the Kubernetes API takes, with every key spelt right', () => {
    const all = renders.all();
    expect(all.length).toBeGreaterThanOrEqual(ALL_CASES.length * 6);
    expect(problemsOf(all)).toEqual([]);
  });

  it('is as its declaration and its config say: npm run generate', async () => {
    const generate = join(import.meta.dirname, 'charts/generate.ts');
    const stale = (await run(process.execPath, [generate, '--check'])).split('\n');
    const ofChecked = stale.filter((file) => CHARTS.some((chart) => file.startsWith(`helm/${chart}/`)));
    expect(ofChecked).toEqual([]);
  }, 120_000);

  it.each(CHECKED)('keeps what an upgrade from the last release may not change: $name', ({ name }) => {
    const before = (released as Record<string, Released[]>)[name] ?? [];
    expect(upgradeProblems(before, renders.of(`${name} with values.yaml`))).toEqual([]);
  });

  it.each(CHECKED)('refuses a cluster without native preStop.sleep: $name', async ({ name }) => {
    const { code, stderr } = await renders.helm.try(
      'template',
      'x',
      renders.helm.chart(name),
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
    ['image.tag=1234567', 'quote the tag'],
    ['resources.limits.memory=plenty', '/resources/limits/memory'],
    ['shutdown.drainSecond=3', 'drainSecond'],
  ])('refuses the value %s', async (value, named) => {
    for (const chart of CHARTS) {
      const { code, stderr } = await renders.helm.try(
        'template',
        chart,
        renders.helm.chart(chart),
        '--set',
        value,
      );
      expect({ code, stderr }).toEqual({ code: 1, stderr: expect.stringContaining(named) });
    }
  });

  it.each(CHECKED)('prints the next commands: $name', async (app) => {
    const chart = app.name;
    const printed = await renders.helm.ok(
      'install',
      `my-${chart}`,
      renders.helm.chart(chart),
      '--dry-run=client',
      '--namespace',
      'shop',
    );
    const notes = printed.slice(printed.indexOf('NOTES:'));
    expect(notes).toContain(`kubectl --namespace shop rollout status deployment/my-${chart}`);
    const command = `create secret generic ${chart} --from-literal`;
    expect(notes.includes(command)).toBe(secretsOf(app).length > 0);
  });
});

describe('configuration', () => {
  it.each(CHECKED)('restarts the pods when it changes, and only then: $name', async ({ name }) => {
    const checksum = async (...args: string[]): Promise<unknown> => {
      const deployment = find<IDeployment>(await renders.render(name, ...args), 'Deployment');
      return deployment.spec?.template.metadata?.annotations?.['checksum/config'];
    };
    const first = await checksum();
    expect(await checksum('--set', 'replicaCount=5')).toBe(first);
    expect(await checksum('--set', 'config.LOG_LEVEL=debug')).not.toBe(first);
    expect(await checksum('--set', 'shutdown.drainSeconds=20')).not.toBe(first);
  });

  it.each(CASES)('writes large numbers out and leaves out what is empty: $name', ({ name }) => {
    const { data } = renders.parts(name);
    expect(Object.entries(data).filter(([, value]) => /^$|^\d+(\.\d+)?e\+\d+$/.test(value))).toEqual([]);
  });

  it.each(CASES)(
    'takes secrets from an existing Secret and from nowhere else: $name',
    ({ name, app, values }) => {
      const { container, data, manifests } = renders.parts(name);
      const secret = values === 'values.yaml' ? app.name : `${app.name}-app`;
      expect(container.env ?? []).toEqual(
        secretsOf(app).map((key) => ({
          name: key,
          valueFrom: { secretKeyRef: keyOf(secret, key) },
        })),
      );
      expect(Object.keys(data)).not.toContain('DATABASE_URL');
      expect(manifests.map(({ kind }) => kind)).not.toContain('Secret');
    },
  );
});

describe('images', () => {
  it.each(CHECKED)('come by tag, or by digest when one is given: $name', async ({ name }) => {
    const image = async (...args: string[]): Promise<unknown> =>
      find<IDeployment>(await renders.render(name, ...args), 'Deployment').spec?.template.spec?.containers[0]
        ?.image;
    const digest = `sha256:${'a'.repeat(64)}`;
    expect(await image()).toMatch(new RegExp(`/${name}:0\\.1\\.0$`));
    expect(await image('--set', 'image.tag=1.2.3')).toMatch(new RegExp(`/${name}:1\\.2\\.3$`));
    expect(await image('--set', `image.tag=1.2.3,image.digest=${digest}`)).toMatch(
      new RegExp(`/${name}@${digest}$`),
    );
  });
});

for (const { name, chart, values } of CASES.filter(({ app }) => app.database)) {
  describe(`migrations of ${name}`, () => {
    it('are a hook before the pods, by the same image', () => {
      const { manifests, container } = renders.parts(name);
      const [job] = jobsOf(manifests, 'migration');
      if (!job) throw new Error('no migration');
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
      const prefix =
        values === 'values.yaml' ? [] : [{ name: 'DATABASE_ROLE_PREFIX', value: `shop_${chart}` }];
      expect(migrate?.env?.filter(({ name }) => !name.startsWith('TLS_'))).toEqual([
        ...DATABASE_URLS.map((key) => ({ name: key, valueFrom: { secretKeyRef: keyOf(secret, key) } })),
        ...prefix,
      ]);
    });

    it('need nothing of the release, which does not exist yet when they run', () => {
      for (const job of jobsOf(renders.of(name))) {
        expect(job.spec?.template.spec?.serviceAccountName).toBeUndefined();
        expect(JSON.stringify(job)).not.toContain('configMapRef');
      }
    });

    it('can be left to somebody else', async () => {
      const manifests = await renders.render(chart, '--set', 'migration.enabled=false');
      expect(manifests.map(({ kind }) => kind)).not.toContain('Job');
    });
  });
}

describe.each(CASES)('as its app is declared: $name', ({ name, app }) => {
  it('it listens on the declared ports, and nowhere else', () => {
    const { container, data } = renders.parts(name);
    const declared = portsOf(app);
    const listening = container.ports?.map((port) => [port.name, port.containerPort]);
    expect(listening).toEqual(declared.map(({ kind, port }) => [kind, port]));
    const variables = ['PORT', 'GRPC_PORT', 'MANAGEMENT_PORT'].map((variable) => data[variable]);
    const { http, grpc, management } = app.ports;
    expect(variables).toEqual([http, grpc, management].map((port) => port && String(port)));
  });

  it('it migrates a database of its own, or has none', () => {
    const jobs = jobsOf(renders.of(name), 'migration');
    expect(jobs).toHaveLength(app.database ? 1 : 0);
    expect(renders.parts(name).container.env?.map((variable) => variable.name) ?? []).toEqual(secretsOf(app));
  });

  // A headless Service has no port but those of the pods: HTTP would not be at 80.
  it('its Service is headless if it serves gRPC alone, so that a client sees every pod', () => {
    const { service } = renders.parts(name);
    const isHeadless = app.ports.grpc !== undefined && app.ports.http === undefined;
    expect(service?.spec?.clusterIP).toBe(isHeadless ? 'None' : undefined);
  });

  it('its Service is where those that call it by gRPC look for it', () => {
    const { service } = renders.parts(name);
    const grpc = service?.spec?.ports?.find((port) => port.name === 'grpc')?.port;
    expect(grpc).toBe(app.ports.grpc);
    if (service) expect(service.metadata?.name).toBe(app.name);
  });

  it('it is told whom to trust if it checks tokens', () => {
    const { data } = renders.parts(name);
    expect('OIDC_ISSUER' in data).toBe(app.tokens);
  });

  it('it looks for those that it calls where they are', () => {
    const addresses = Object.entries(renders.parts(name).data).filter(([key]) => key.endsWith('_ADDRESS'));
    const declared = calledBy(app, EVERY_APP).map((called) => [
      addressVariable(called.name),
      `${called.name}:${called.ports.grpc}`,
    ]);
    expect(Object.fromEntries(addresses)).toEqual(Object.fromEntries(declared));
  });
});

const DATABASE_URLS = ['DATABASE_URL', 'DIRECT_DATABASE_URL'];

/** The variables that it reads from its Secret. */
const secretsOf = (app: AppDeclaration) => factsOf(app, EVERY_APP).secrets;

/** The reference to a key of a Secret, which may lack the optional ones. */
function keyOf(name: string, key: string): object {
  return { name, key, ...(OPTIONAL_SECRETS.includes(key) && { optional: true }) };
}
