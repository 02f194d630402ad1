import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { FaultProxy } from '@orders/resilience/testing';
import { Secret } from '@orders/service';
import { createServer, type AddressInfo } from 'node:net';
import { DataSource } from 'typeorm';
import { clientClassFor } from './database-client.js';
import { isTransientDatabaseError } from './database-error.js';
import { postgresOptions } from './postgres.js';
import { createTestDatabase, type TestDatabase } from './testing/test-database.js';

let db: TestDatabase;
/** The way to the server through another port, which can be cut. */
let edge: FaultProxy;
let refusing: number;

beforeAll(async () => {
  db = await createTestDatabase();
  edge = await FaultProxy.listen('postgres', Number(new URL(db.url).port));
  refusing = await closedPort();
});
afterAll(async () => {
  await edge.close();
  await db[Symbol.asyncDispose]();
});

async function closedPort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** The URL of the test database with these ports of this machine. */
function urlWith(...ports: number[]): string {
  const hosts = ports.map((port) => `127.0.0.1:${port}`).join(',');
  return `${db.url.replace(/127\.0\.0\.1:\d+|localhost:\d+/, hosts)}?target_session_attrs=read-write`;
}

/** A client that is not connected. */
function clientOf(url: string) {
  const Client = clientClassFor({ url: new Secret(url), applicationName: 'test' });
  return new Client();
}

describe('a URL with several hosts', () => {
  it('connects to one that takes writes, and to another one when that is silent', async () => {
    const { port } = new URL(db.url);
    const other = await FaultProxy.listen('postgres', Number(port));
    const url = new Secret(urlWith(refusing, edge.port, other.port));
    const dataSource = new DataSource(postgresOptions({ url, poolMax: 1, applicationName: 'test' }));
    await dataSource.initialize();
    for (const used of [edge, other].toSorted((a, b) => b.connections - a.connections)) {
      used.set({ kind: 'blackhole' });
      used.cut();
      await dataSource.query('SELECT 1').catch(() => undefined);
      await dataSource.query('SELECT 1');
      used.clear();
    }
    await dataSource.destroy();
    await other.close();
  });

  it('of which none takes writes says what each answered, and is tried again', async () => {
    const dead = clientOf(urlWith(refusing, refusing)).on('error', () => undefined);
    const error = await dead.connect().catch((reason: unknown) => reason);
    expect(String(error)).toMatch(/no host of the URL takes writes: .*ECONNREFUSED.*; .*ECONNREFUSED/);
    expect(isTransientDatabaseError(error)).toBe(true);
  });

  it('passes over a server that takes no writes', async () => {
    await using readOnly = await createTestDatabase();
    const name = new URL(readOnly.url).pathname.slice(1);
    await db.query(`ALTER DATABASE ${name} SET default_transaction_read_only = on`);
    const { port } = new URL(db.url);
    const url = urlWith(Number(port), Number(port)).replace(new URL(db.url).pathname, `/${name}`);
    await expect(clientOf(url).connect()).rejects.toThrow(/read-only; .*read-only/);
  });
});
