import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { cpSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { APPS } from '@orders/dev/stack/declarations';
import { connectNats } from '@orders/dev/stack/nats-access';
import { fillBlocks, messagesFolder, streamBlocks } from '@orders/dev/stack/stream-blocks';
import { until } from '@orders/dev/stack/until';
import { census } from './census.ts';
import { Customer, freshSystem, ITEMS, pause, type SystemUnderTest } from './client.ts';
import { customersOrdering, expectNothingLost } from './load.ts';

/** 30 for the full length; a few seconds show the same. */
const NATS_DOWN_SECONDS = Number(process.env['NATS_DOWN_SECONDS'] ?? 5);

let sut: SystemUnderTest;
let alice: Customer;

beforeAll(async () => {
  sut = await freshSystem();
  alice = await Customer.of(sut.system, 'alice');
}, 120_000);
afterAll(() => sut.dispose(), 60_000);

/** Places orders one after the other and answers their ids. */
async function ordersOf(customer: Customer, count: number): Promise<string[]> {
  const ids: string[] = [];
  while (ids.length < count) ids.push((await customer.orderUntilSure()).body.id);
  return ids;
}

/** How many events a consumer was given that had taken effect already, since it started. */
async function repeats(app: string): Promise<number> {
  const metrics = await (await fetch(`${sut.system.urls.management[app]}/metrics`)).text();
  return Number(/^consumer_events_total\{[^}]*outcome="duplicate"[^}]*\} (\d+)/m.exec(metrics)?.[1] ?? 0);
}

describe('faults under load lose nothing and double nothing', () => {
  it.each(APPS.map(({ name }) => name))(
    'kill -9 of %s',
    async (name) => {
      const load = customersOrdering(alice, 8);
      await load.more(50);
      await sut.system.apps[name]!.crash();
      await sut.system.apps[name]!.ready();
      await load.more(50);
      await load.stop();
      await expectNothingLost(sut.system, load.acknowledged);
    },
    120_000,
  );

  it(`NATS away for ${NATS_DOWN_SECONDS} s: orders are taken, their events arrive after`, async () => {
    await sut.system.nats.server?.stop();
    const until = performance.now() + NATS_DOWN_SECONDS * 1_000;
    const acknowledged: string[] = [];
    while (performance.now() < until) {
      const { status, body } = await alice.order();
      expect(status).toBe(201);
      acknowledged.push(body.id);
      await pause(20);
    }
    const ready = await fetch(`${sut.system.urls.management.orders}/readyz`);
    expect(ready.status).toBe(200);
    await sut.system.nats.server?.start();
    await expectNothingLost(sut.system, acknowledged);
  }, 120_000);

  it('NATS lost the end of its stream: what it lost is published again, and the consumer reads on', async () => {
    const server = sut.system.nats.server!;
    const messages = messagesFolder(server.folder, 'ORDERS');
    await server.stop();
    cpSync(messages, `${messages}.old`, { recursive: true });
    await server.start();
    const acknowledged = await ordersOf(alice, 20);
    await expectNothingLost(sut.system, acknowledged);
    await server.kill();
    rmSync(messages, { recursive: true });
    renameSync(`${messages}.old`, messages);
    await server.start();
    acknowledged.push(...(await ordersOf(alice, 20)));
    await expectNothingLost(sut.system, acknowledged);
  }, 120_000);

  it.each([
    { part: 'the beginning of its stream', block: 0 },
    { part: 'a part of its stream in between', block: 1 },
  ])(
    'NATS lost $part: it is published again, and changes no effect',
    async ({ block }) => {
      const server = sut.system.nats.server!;
      const { folder } = server;
      const acknowledged = await ordersOf(alice, 10);
      await expectNothingLost(sut.system, acknowledged);
      const blocks = streamBlocks(folder, 'ORDERS').length;
      const connection = await connectNats(server.access);
      for (const more of [1, 2]) {
        await fillBlocks(connection, { folder, stream: 'ORDERS', subject: 'orders.created' }, blocks + more);
        acknowledged.push(...(await ordersOf(alice, 10)));
      }
      await connection.close();
      await server.kill();
      rmSync(streamBlocks(folder, 'ORDERS')[block]!);
      await server.start();
      await expectNothingLost(sut.system, acknowledged);
    },
    120_000,
  );

  it('NATS lost everything under load: every event reaches each consumer again, and changes no effect', async () => {
    const server = sut.system.nats.server!;
    const load = customersOrdering(alice, 4);
    await load.more(50);
    const effects = Object.entries((await census(sut.system)).effects);
    const repeated = await Promise.all(
      effects.map(async ([app, { length }]) => ({ app, atLeast: (await repeats(app)) + length })),
    );
    await server.kill();
    rmSync(join(server.folder, 'jetstream'), { recursive: true });
    await server.start();
    await load.more(50);
    await load.stop();
    await expectNothingLost(sut.system, load.acknowledged);
    for (const { app, atLeast } of repeated)
      await until(async () => (await repeats(app)) >= atLeast, {
        timeoutMs: 20_000,
        what: `all events that had taken effect in ${app}, again`,
      });
    await expectNothingLost(sut.system, load.acknowledged);
  }, 120_000);

  it('orders away: 503 as a problem with Retry-After, reads of the process itself go on', async () => {
    await sut.system.apps.orders!.kill();
    const answer = await alice.order();
    expect(answer.status).toBe(503);
    expect(answer.headers.get('retry-after')).toMatch(/^\d+$/);
    expect(answer.body).toMatchObject({ type: 'urn:problem:orders:unavailable', status: 503 });
    expect((await fetch(`${sut.system.urls.api}/healthz`)).status).toBe(200);
    await sut.system.apps.orders!.start();
    expect((await alice.orderUntilSure()).status).toBe(201);
  }, 60_000);

  it('Postgres away: 503, and all is well again after', async () => {
    await sut.system.postgres.server?.stop();
    const answer = await alice.request('POST', '/orders', { body: { items: ITEMS } });
    expect([503, 504]).toContain(answer.status);
    await sut.system.postgres.server?.start();
    const { status, body } = await alice.orderUntilSure();
    expect(status).toBe(201);
    await expectNothingLost(sut.system, [body.id]);
  }, 60_000);
});
