import { describe, expect, it } from '@jest/globals';
import { APPS, EVERY_APP } from './stack/declarations.ts';
import { freeSystemPorts } from './stack/ports.ts';
import type { Tls } from './stack/tls-files.ts';
import { systemUrls } from './stack/topology.ts';
import { welcome } from './welcome.ts';

async function welcomeText(tls?: Tls, apps = APPS): Promise<string> {
  const nats = {
    url: 'nats://me:hidden@127.0.0.1:4222, nats://b:hidden@[::1]:4223',
    answering: 'nats://b:hidden@[::1]:4223',
    access: { url: 'nats://b:hidden@[::1]:4223', tls },
    server: undefined,
  };
  const url = (database?: string): string => `postgres://me:hidden@127.0.0.1:5432/${database}`;
  const urls = systemUrls(apps, await freeSystemPorts(apps));
  const tokens = { api: 'TOKEN', page: 'PAGE-TOKEN' };
  return welcome({ urls, nats, postgres: { url, urlFor: url, server: undefined } }, tokens, false);
}

describe('what npm start prints when it is ready', () => {
  it('names the servers as psql and a consumer take them, without a password', async () => {
    const text = await welcomeText();
    expect(text).toContain('nats://me@127.0.0.1:4222,nats://b@[::1]:4223\n');
    const databases = APPS.filter(({ database }) => database).map(
      ({ name }) => `postgres://me@127.0.0.1:5432/${name}`,
    );
    expect(text).toContain(`${databases.join('  ')}\n`);
    expect(text).not.toContain('hidden');
  });

  it('has a whole command for psql and for nats, with a certificate when there is one', async () => {
    const certificate = { cert: '/tls/tls.crt', key: '/tls/tls.key', ca: '/tls/ca.crt' };
    const secured = await welcomeText(certificate);
    const variables = 'PGSSLROOTCERT=/tls/ca.crt PGSSLCERT=/tls/tls.crt PGSSLKEY=/tls/tls.key';
    const database = APPS.find((app) => app.database)?.name ?? '';
    expect(secured).toContain(`${variables} psql 'postgres://me@127.0.0.1:5432/${database}'\n`);
    const flags = '--tlsca /tls/ca.crt --tlscert /tls/tls.crt --tlskey /tls/tls.key';
    const servers = 'nats://me@127.0.0.1:4222,nats://b@[::1]:4223';
    expect(secured).toContain(`nats --server ${servers} ${flags} stream view ORDERS\n`);
    const plain = await welcomeText();
    expect(plain).toContain(` psql 'postgres://me@127.0.0.1:5432/${database}'\n`);
    expect(plain).toContain(`nats --server ${servers} stream view ORDERS\n`);
    expect(plain).not.toMatch(/PGSSL|--tls/);
  });

  it('has the signed-in address of the page when it is observed, and else no word of it', async () => {
    expect(await welcomeText(undefined, EVERY_APP)).toMatch(/http:\/\/127\.0\.0\.1:\d+\/#token=PAGE-TOKEN\n/);
    expect(await welcomeText()).not.toContain('PAGE-TOKEN');
  });

  it.each([
    ['a proxy', 'http://proxy:3128', "curl --noproxy '*' -sS http://127.0.0.1"],
    ['no proxy', '', 'curl -sS http://127.0.0.1'],
  ])('gives commands that work in a shell with %s', async (_which, proxy, command) => {
    const { all_proxy: before } = process.env;
    process.env.all_proxy = proxy;
    expect(await welcomeText()).toContain(command);
    if (before === undefined) delete process.env.all_proxy;
    else process.env.all_proxy = before;
  });
});
