import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { resolveNatsServer } from '../stack/nats-binary.ts';
import { removePostgres } from '../stack/postgres.ts';
import { type Nats, startNats, startServers } from '../stack/servers.ts';
import type { Servers } from '../stack/site.ts';
import { Tasks } from '../stack/tasks.ts';
import { running } from './running-servers.ts';

/**
 * Sets TEST_DATABASE_URL (superuser) and TEST_NATS_URL for the integration tests. Servers that DATABASE_URL and NATS_URL
 * name are used; else fresh embedded ones, in a temporary folder. TEST_NATS_215_URL is a nats-server 2.15, for what
 * versions do differently. TEST_NATS_SERVER and TEST_NATS_215_SERVER are the programs of both, for servers that a test
 * configures. Without any of them it fails: the tests never skip.
 */
export default async function globalSetup(): Promise<void> {
  const databaseUrl = process.env.TEST_DATABASE_URL || process.env.DATABASE_URL;
  const natsUrl = process.env.TEST_NATS_URL || process.env.NATS_URL;
  const dataDir = await mkdtemp(join(tmpdir(), 'orders-it-'));
  running.defer(async () => {
    removePostgres(join(dataDir, 'postgres'));
    await rm(dataDir, { recursive: true, force: true });
  });
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => void stopEarly());
  try {
    const tasks = new Tasks();
    const newer = { dataDir: join(dataDir, 'newer'), nats: { version: '2.15' } } as const;
    const [{ postgres, nats }, nats215] = await tasks.all<[Servers, Nats]>([
      startServers({ dataDir, databaseUrl, natsUrl }, tasks, running),
      startNats(newer, tasks, running),
    ]);
    process.env.TEST_DATABASE_URL = postgres.url();
    process.env.TEST_NATS_URL = nats.answering;
    process.env.TEST_NATS_215_URL = nats215.url;
    process.env.TEST_NATS_SERVER = await resolveNatsServer();
    process.env.TEST_NATS_215_SERVER = await resolveNatsServer({ version: '2.15' });
  } catch (error) {
    await running.disposeAsync();
    throw error;
  }
}

/** On a signal Jest exits without its teardown. */
async function stopEarly(): Promise<void> {
  await running.disposeAsync();
  process.exit(130);
}
