import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { natsUsers } from '@orders/contracts/nats-users';
import { APPS } from '@orders/dev/stack/declarations';
import { resolveNatsServer } from '@orders/dev/stack/nats-binary';
import { ROOT } from '@orders/dev/stack/paths';
import { parse } from 'yaml';
import { NATS_PASSWORDS, passwordVariable, postgresManifests } from './charts/engine-values.ts';
import { factsOf, OPTIONAL_SECRETS } from './charts/facts.ts';
import { newSecrets } from './charts/new-secrets.ts';
import { Helm } from './helm.ts';
import { parseManifests, problemsOf } from './manifests.ts';
import { attempt } from './run.ts';

const read = (file: string) => readFileSync(join(ROOT, 'deploy/kubernetes', file), 'utf8');
const secrets = newSecrets(APPS);
const keysOf = (name: string) =>
  Object.keys(secrets.find(({ metadata }) => metadata.name === name)?.stringData ?? {});

describe('the engines beside the charts', () => {
  it('CloudNativePG takes its manifests, and a commit needs two disks', () => {
    const manifests = parseManifests(read('postgres.yaml'));
    expect(problemsOf(manifests)).toEqual([]);
    const clusters = manifests.filter(({ kind }) => kind === 'Cluster');
    expect(clusters).toHaveLength(APPS.filter(({ database }) => database).length);
    for (const cluster of clusters)
      expect(cluster).toMatchObject({
        spec: { instances: 3, postgresql: { synchronous: { number: 1, dataDurability: 'required' } } },
      });
  });

  it('nats-server has a user for each that the declarations know, with a password from a Secret', () => {
    const { config, container } = parse(read('nats-values.yaml')) as {
      config: { merge: { authorization: { users: { user: string; password: string }[] } } };
      container: { env: Record<string, { valueFrom: { secretKeyRef: { name: string; key: string } } }> };
    };
    const users = natsUsers(APPS).map(({ name }) => name);
    expect(config.merge.authorization.users.map(({ user }) => user)).toEqual(users);
    for (const { user, password } of config.merge.authorization.users) {
      const variable = passwordVariable(user);
      expect(password).toBe(`<< $${variable} >>`);
      expect(container.env[variable]?.valueFrom.secretKeyRef).toEqual({
        name: NATS_PASSWORDS,
        key: variable,
      });
      expect(keysOf(NATS_PASSWORDS)).toContain(variable);
    }
  });
});

it('nats-server takes the users of the values, with the passwords of the Secret', async () => {
  const { config } = parse(read('nats-values.yaml')) as { config: { merge: object } };
  // As the chart writes them into nats.conf.
  const text = JSON.stringify(config.merge).replaceAll(/"<< (\$\w+) >>"/g, '$1');
  const folder = mkdtempSync(join(tmpdir(), 'orders-nats-values-'));
  writeFileSync(join(folder, 'nats.conf'), text);
  const passwords = secrets.find(({ metadata }) => metadata.name === NATS_PASSWORDS)?.stringData ?? {};
  const check = (env: NodeJS.ProcessEnv) => attempt(server, ['-t', '-c', join(folder, 'nats.conf')], { env });
  const server = await resolveNatsServer();
  expect(await check(passwords)).toMatchObject({ code: 0 });
  // A password that is missing is a variable that is not set.
  expect(await check({})).toMatchObject({ code: 1 });
  rmSync(folder, { recursive: true });
});

describe('the new Secrets', () => {
  it.each(APPS)('have each key that $name needs', (app) => {
    const needed = factsOf(app, APPS).secrets.filter((key) => !OPTIONAL_SECRETS.includes(key));
    expect(keysOf(app.name)).toEqual(expect.arrayContaining(needed));
    if (app.database) expect(keysOf(`${app.name}-owner`)).toEqual(['DATABASE_URL']);
  });

  it('are those that the databases ask for', () => {
    const asked = JSON.stringify(postgresManifests(APPS)).matchAll(
      /"(?:secret|passwordSecret)":\{"name":"([^"]+)"/g,
    );
    for (const [, name = ''] of asked) expect(keysOf(name)).toEqual(['username', 'password']);
  });

  it('have other passwords each time, all of them different', () => {
    const texts = [...secrets, ...newSecrets(APPS)].flatMap(({ metadata, stringData }) =>
      metadata.name === NATS_PASSWORDS ? Object.values(stringData) : [],
    );
    expect(new Set(texts).size).toBe(texts.length);
  });
});

it('the values beside the engines are such as the charts take, and name Secrets that are made', async () => {
  await using helm = await Helm.prepare();
  for (const { name } of APPS) {
    const values = join(ROOT, `deploy/kubernetes/${name}-values.yaml`);
    const rendered = await helm.ok('template', name, helm.chart(name), '--values', values);
    const references = JSON.stringify(parseManifests(rendered)).matchAll(
      /"secretKeyRef":\{"name":"([^"]+)","key":"([^"]+)"(,"optional":true)?/g,
    );
    for (const [, secret = '', key, optional] of references)
      if (!optional) expect(keysOf(secret)).toContain(key);
  }
}, 120_000);
