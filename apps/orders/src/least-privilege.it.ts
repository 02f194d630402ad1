import { afterAll, beforeAll, expect, it } from '@jest/globals';
import type { EventPublisher, StreamState } from '@orders/messaging';
import { LOG_START, OutboxCursor, OutboxLog, replay } from '@orders/outbox';
import { withDatabase } from '@orders/postgres';
import { createTestRole, type TestRole } from '@orders/postgres/testing';
import { Pace } from '@orders/resilience';
import { Secret } from '@orders/service';
import { dataSource as openDataSource, rights } from './app.js';
import { PostgresOrdersRepository } from './orders/postgres-orders.repository.js';
import { canceling, inTime, someNewOrder } from './testing/fixtures.js';
import { StoredOrders } from './testing/stored-orders.js';

const EMPTY_STREAM: StreamState = {
  id: 's',
  firstSequence: 1,
  firstTime: undefined,
  lastSequence: 0,
  gaps: [],
  keepsForMs: 1_000,
};

let stored: StoredOrders;
let role: TestRole;
beforeAll(async () => {
  stored = await StoredOrders.open();
  role = await createTestRole(stored.db, { ...rights, migrations: ['SELECT'] });
});
afterAll(async () => {
  await role[Symbol.asyncDispose]();
  await stored[Symbol.asyncDispose]();
});

it('orders, its relay and a replay do nothing that a role with the declared rights may not do', async () => {
  const db = openDataSource({ url: new Secret(role.url), poolMax: 4, applicationName: 'app' });
  await withDatabase(db, { rights }, async () => {
    const repository = new PostgresOrdersRepository(db, () => undefined);
    const { order, ...rest } = someNewOrder({ key: 'k' });
    await repository.create([{ order, ...rest }], inTime());
    await repository.create([someNewOrder({ key: 'k' })], inTime());
    await repository.find(order, inTime());
    await repository.list({ customerId: 'alice', limit: 1, before: undefined }, inTime());
    await repository.update(order, inTime(), canceling);

    const [log, cursor] = [new OutboxLog(db), new OutboxCursor(db)];
    const from = (await cursor.acquire('me', 5_000))!;
    const [entry] = (await log.read(from, 10)).entries;
    await cursor.advance(
      'me',
      { from, to: { ...entry!, stream: 's', streamSequence: 1, messageId: undefined } },
      5_000,
    );
    await cursor.rewind('me', EMPTY_STREAM, 0);
    await cursor.oldestSequence('s', 1_000);
    await cursor.stats();
    await cursor.release('me');
    await cursor.rebase();
    await log.notify();
    await log.maintain(1_000);
    const replayed = replay({
      db,
      publisher: { publish: async () => ({ sequence: 1, duplicate: false }) } as unknown as EventPublisher,
      range: { since: new Date(0), until: new Date(Date.now() + 60_000), subject: undefined },
      after: LOG_START,
      subjectOf: ({ subject }) => subject,
      run: 'r',
      pace: new Pace(1e9),
      signal: new AbortController().signal,
      onProgress: () => undefined,
    });
    await expect(replayed).resolves.toBe(2);
  });
});
