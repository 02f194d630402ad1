import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TLSSocket } from 'node:tls';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { connect } from '@nats-io/transport-node';
import { Client, type ClientConfig } from 'pg';
import { EXAMPLE_APPS } from '../testing/example-apps.ts';
import { connectNats, type NatsAccess } from './nats-access.ts';
import type { NatsServer } from './nats-server.ts';
import { type EmbeddedPostgres, removePostgres } from './postgres.ts';
import { forApps } from './postgres-security.ts';
import { type StackSecurity, stackSecurity } from './security.ts';
import { startServers } from './servers.ts';
import { Tasks } from './tasks.ts';
import { copyTls, type Tls } from './tls-files.ts';

const dataDir = mkdtempSync(join(tmpdir(), 'secured-servers-'));
const stack = new AsyncDisposableStack();
let security: StackSecurity;
let postgres: EmbeddedPostgres;
let nats: NatsServer;
let natsAccess: NatsAccess;

beforeAll(async () => {
  security = await stackSecurity(dataDir, EXAMPLE_APPS);
  const servers = await startServers({ dataDir, security }, new Tasks(), stack);
  postgres = servers.postgres.server!;
  nats = servers.nats.server!;
  natsAccess = servers.nats.access;
}, 60_000);
afterAll(async () => {
  await stack.disposeAsync();
  removePostgres(join(dataDir, 'postgres'));
  rmSync(dataDir, { recursive: true });
});

/** The certificate that Postgres shows a new session. @throws what refused it */
async function postgresSession(config: ClientConfig): Promise<string> {
  const client = new Client(config);
  client.on('error', () => undefined);
  await client.connect();
  const { stream } = (client as unknown as { connection: { stream: TLSSocket } }).connection;
  const shown = stream.getPeerCertificate().serialNumber;
  await client.query('SELECT 1').finally(() => client.end());
  return shown;
}

async function natsSession(tls: Tls | undefined): Promise<void> {
  const connection = await connectNats({ url: nats.url, tls }, { reconnect: false, timeout: 5_000 });
  await connection.close();
}

const ssl = ({ cert, key, ca }: Tls): ClientConfig['ssl'] => ({
  cert: readFileSync(cert),
  key: readFileSync(key),
  ca: readFileSync(ca),
});

/** The address without what its parameters tell. */
const bare = (): string => forApps(postgres.url()).replace(/\?.*/, '');

describe('Postgres with certificates', () => {
  it('takes our tools, with all that they need in the URL', async () => {
    await expect(postgresSession({ connectionString: postgres.url() })).resolves.toMatch(/^[0-9A-F]+$/);
  });

  it('takes an app with its own certificate', async () => {
    const own = ssl(security.certificates.filesOf('orders'));
    await expect(postgresSession({ connectionString: bare(), ssl: own })).resolves.toBeTruthy();
  });

  it('refuses plaintext', async () => {
    await expect(postgresSession({ connectionString: bare() })).rejects.toMatchObject({ code: '28000' });
  });

  it('refuses the password alone, without a certificate', async () => {
    const { ca } = security.certificates.filesOf('orders');
    const without = { connectionString: bare(), ssl: { ca: readFileSync(ca) } };
    await expect(postgresSession(without)).rejects.toMatchObject({ code: '28000' });
  });
});

describe('NATS with certificates', () => {
  it('takes our tools, who may do everything', async () => {
    const connection = await connectNats(natsAccess);
    const subscription = connection.subscribe('anything', { max: 1 });
    connection.publish('anything');
    for await (const { subject } of subscription) expect(subject).toBe('anything');
    await connection.close();
  });

  it('takes an app by the name in its certificate', async () => {
    await expect(natsSession(security.certificates.filesOf('orders'))).resolves.toBeUndefined();
  });

  it('refuses who has no certificate', async () => {
    await expect(natsSession(undefined)).rejects.toThrow();
    const anonymous = connect({
      servers: nats.url,
      tls: { caFile: security.certificates.filesOf('orders').ca },
      reconnect: false,
    });
    await expect(anonymous).rejects.toThrow();
  });

  it('refuses an app that no stream has anything for', async () => {
    await expect(natsSession(security.certificates.filesOf('gateway'))).rejects.toThrow(/[Aa]uthorization/);
  });
});

describe('a rotation', () => {
  it('is taken by both, who then refuse the certificates from before', async () => {
    const orders = security.certificates.filesOf('orders');
    const before = copyTls(orders, join(dataDir, 'before'), undefined);
    const shown = await postgresSession({ connectionString: postgres.url() });
    await security.certificates.rotate(async () => {
      await Promise.all([postgres.reload(), nats.reload()]);
      await natsSession(orders);
    });
    expect(await postgresSession({ connectionString: postgres.url() })).not.toBe(shown);
    const old = { ...before, ca: orders.ca };
    await expect(postgresSession({ connectionString: bare(), ssl: ssl(old) })).rejects.toThrow();
    await expect(natsSession(old)).rejects.toThrow();
  });
});
