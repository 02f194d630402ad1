import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Environments } from '@orders/dev/stack/environments';
import { freePorts } from '@orders/dev/stack/ports';
import { removePostgres } from '@orders/dev/stack/postgres';
import type { Servers } from '@orders/dev/stack/site';
import { Standby } from '@orders/dev/stack/standby';
import { census } from './census.ts';
import { Customer, freshSystem, type SystemUnderTest } from './client.ts';
import { withDatabaseUrls } from './database-urls.ts';
import { expectNothingLost } from './load.ts';

const folder = mkdtempSync(join(tmpdir(), 'orders-standby-'));
let sut: SystemUnderTest;
let standby: Standby;
let alice: Customer;

/** Each app knows both servers, and uses the one that takes writes. */
async function withStandby(environments: Environments, { postgres }: Servers): Promise<Environments> {
  const [port = 0] = await freePorts(1);
  standby = await Standby.follow(postgres.server!, { folder: join(folder, 'postgres'), port });
  await standby.synchronous();
  return Object.fromEntries(
    Object.entries(environments).map(([app, environment]) => [
      app,
      withDatabaseUrls(environment, (url) => standby.withBoth(url)),
    ]),
  );
}

beforeAll(async () => {
  sut = await freshSystem({ rewire: withStandby });
  alice = await Customer.of(sut.system, 'alice');
}, 120_000);
afterAll(async () => {
  await standby.stop();
  await sut.dispose();
  removePostgres(join(folder, 'postgres'));
  rmSync(folder, { recursive: true, force: true });
}, 60_000);

describe('with a synchronous standby', () => {
  it('that does not answer, an order is not acknowledged, nor a repeat of it, nor its event published', async () => {
    const before = await alice.orderUntilSure();
    await expectNothingLost(sut.system, [before.body.id]);
    standby.freeze();
    const key = randomUUID();
    const answers: number[] = [];
    for (let attempt = 0; attempt < 2; attempt += 1) answers.push((await alice.order(key)).status);
    for (const status of answers) expect([409, 503, 504]).toContain(status);
    expect((await census(sut.system)).created).toEqual([before.body.id]);
    standby.thaw();
    const { status, body } = await alice.orderUntilSure(key);
    expect(status).toBe(201);
    await expectNothingLost(sut.system, [before.body.id, body.id]);
  }, 120_000);

  it('that replaces the primary, every acknowledged order is there, and the apps use it', async () => {
    const acknowledged: string[] = [];
    for (let count = 0; count < 10; count += 1) acknowledged.push((await alice.orderUntilSure()).body.id);
    await sut.system.postgres.server!.kill();
    await standby.promote();
    acknowledged.push((await alice.orderUntilSure()).body.id);
    for (const id of acknowledged) expect((await alice.request('GET', `/orders/${id}`)).status).toBe(200);
  }, 120_000);
});
