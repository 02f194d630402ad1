import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { once } from 'node:events';
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from 'pg';
import { ROOT } from '@orders/dev/stack/paths';
import { freePorts } from '@orders/dev/stack/ports';
import { removePostgres } from '@orders/dev/stack/postgres';
import { type Postgres, startServers } from '@orders/dev/stack/servers';
import { Tasks } from '@orders/dev/stack/tasks';
import { until } from '@orders/dev/stack/until';

const dataDir = mkdtempSync(join(tmpdir(), 'unfit-database-'));
const stack = new AsyncDisposableStack();
let postgres: Postgres;
let natsUrl: string;

beforeAll(async () => {
  const servers = await startServers({ dataDir, databases: ['orders'] }, new Tasks(), stack);
  ({ postgres } = servers);
  natsUrl = servers.nats.url;
  const client = new Client({ connectionString: postgres.url() });
  await client.connect();
  await client.query("CREATE DATABASE latin1 ENCODING LATIN1 LOCALE 'C' TEMPLATE template0");
  await client.end();
}, 60_000);
afterAll(async () => {
  await stack.disposeAsync();
  removePostgres(join(dataDir, 'postgres'));
  rmSync(dataDir, { recursive: true });
});

/** A process of an app, as an image runs it. */
class Run {
  readonly exited: Promise<unknown[]>;
  output = '';
  private readonly child: ChildProcess;

  constructor(database: string, [script = '', ...args]: readonly string[], management = 0) {
    const env = {
      ...process.env,
      DATABASE_URL: postgres.url(database),
      NATS_URL: natsUrl,
      GRPC_PORT: '0',
      MANAGEMENT_PORT: String(management),
      SHUTDOWN_WAIT_MS: '0',
    };
    this.child = spawn(process.execPath, [join(ROOT, 'apps', script), ...args], { env });
    for (const stream of [this.child.stdout, this.child.stderr])
      stream?.on('data', (text: Buffer) => (this.output += text.toString()));
    this.exited = once(this.child, 'close');
  }

  stop(): Promise<unknown[]> {
    this.child.kill();
    return this.exited;
  }
}

describe('a database with another encoding', () => {
  it.each([
    ['the app', ['orders/dist/main.js']],
    ['its migrations', ['orders/dist/migrate.js']],
    ['its command line', ['orders/dist/cli.js', 'replay', '--since', '2026-01-01T00:00:00Z']],
  ])('ends %s, with one line that tells what to change', async (_name, command) => {
    const run = new Run('latin1', command);
    expect(await run.exited).toEqual([1, null]);
    const lines = run.output.trimEnd().split('\n');
    expect(lines.filter((line) => !line.includes('it talks in plaintext'))).toEqual([
      expect.stringMatching(
        /The encoding of database \\?"latin1\\?" is LATIN1: create one with ENCODING 'UTF8'/,
      ),
    ]);
  });
});

describe('a database without migrations', () => {
  it('keeps the app waiting, which tells why and starts by itself once they have run', async () => {
    const [management = 0] = await freePorts(1);
    const app = new Run('orders', ['orders/dist/main.js'], management);
    const readiness = async () => {
      const answer = await fetch(`http://127.0.0.1:${management}/readyz`).catch(() => undefined);
      return { status: answer?.status, text: await answer?.text() };
    };
    const toldWhy = async () => (await readiness()).text?.includes('run the migrations of this version');
    await until(toldWhy, { timeoutMs: 60_000, what: 'the reason' });
    expect((await fetch(`http://127.0.0.1:${management}/startupz`)).status).toBe(200);
    expect(await new Run('orders', ['orders/dist/migrate.js']).exited).toEqual([0, null]);
    const isReady = async () => (await readiness()).status === 200;
    await until(isReady, { timeoutMs: 60_000, what: 'the app to be ready' });
    expect(await app.stop()).toEqual([0, null]);
  });
});
