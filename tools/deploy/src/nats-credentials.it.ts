import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { usesNats } from '@orders/dev/stack/wiring';
import { CASES, ChartRenders, jobsOf } from './chart-renders.ts';

let renders: ChartRenders;

beforeAll(async () => {
  renders = await ChartRenders.make();
}, 240_000);

afterAll(() => renders?.[Symbol.asyncDispose]());

const FILES = ['NATS_CREDS_FILE', 'NATS_NKEY_SEED_FILE', 'NATS_CA_FILE'];
const isFile = ([variable = '']: readonly (string | undefined)[]) => FILES.includes(variable);

describe.each(CASES.filter(({ app }) => usesNats(app)))(
  'the NATS user of $name',
  ({ name, app, chart, values }) => {
    const hasFiles = values !== 'values.yaml';

    it('has the files of the Secret that is named', () => {
      const { pod, container, data } = renders.parts(name);
      const files = { NATS_CREDS_FILE: '/nats/nats.creds', NATS_CA_FILE: '/nats/ca.crt' };
      expect(Object.fromEntries(Object.entries(data).filter(isFile))).toEqual(hasFiles ? files : {});
      const volume = pod.volumes?.find((each) => each.name === 'nats');
      expect(volume?.secret?.secretName).toBe(hasFiles ? `${chart}-nats` : undefined);
      const mounts = container.volumeMounts?.filter((mount) => mount.name === 'nats');
      expect(mounts).toEqual(hasFiles ? [{ name: 'nats', mountPath: '/nats', readOnly: true }] : []);
    });

    it('may be an nkey instead', async () => {
      const set = 'nats.secretName=n,nats.seedKey=user.seed';
      const data = JSON.stringify(await renders.render(chart, '--set', set));
      expect(data).toContain('"NATS_NKEY_SEED_FILE":"/nats/user.seed"');
      expect(data).not.toContain('NATS_CREDS_FILE');
    });

    it('need not make stream or durables: a Job does, as the provisioner', () => {
      const jobs = jobsOf(renders.of(name), 'provisioner');
      expect(jobs).toHaveLength(hasFiles ? 1 : 0);
      for (const job of jobs) {
        expect(job.metadata.annotations).toMatchObject({ 'helm.sh/hook': 'pre-install,pre-upgrade' });
        const pod = job.spec?.template.spec;
        const [provision] = pod?.containers ?? [];
        const what = app.publishes.length > 0 ? 'stream' : 'consumer';
        expect(provision?.args).toEqual(['app/dist/cli.js', what, 'apply']);
        const from = provision?.env?.flatMap(({ valueFrom }) => valueFrom?.secretKeyRef?.name ?? []);
        expect(new Set(from)).toEqual(new Set(['provisioner']));
        const secrets = pod?.volumes?.flatMap(({ secret }) => secret?.secretName ?? []);
        expect(secrets).toEqual(['provisioner-tls', 'provisioner-nats']);
        const variables = provision?.env?.map((variable) => [variable.name, variable.value]) ?? [];
        expect(variables.filter(isFile)).toEqual([
          ['NATS_CA_FILE', '/nats/ca.crt'],
          ['NATS_CREDS_FILE', '/nats/nats.creds'],
        ]);
        const settings = variables.filter(([variable = '']) => variable.startsWith('NATS_STREAM_'));
        expect(settings).toHaveLength(what === 'stream' ? 5 : 0);
      }
    });
  },
);
