import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type EventPublisher, SILENT, type StreamState } from '@orders/messaging';
import { LOG_START, OutboxCursor, OutboxHistory, OutboxLog, replay } from '@orders/outbox';
import { withDatabase } from '@orders/postgres';
import { createTestRoles, type TestRoles } from '@orders/postgres/testing';
import { Pace } from '@orders/resilience';
import { Secret } from '@orders/service';
import type { DataSource } from 'typeorm';
import { dataSource as openDataSource, roles } from './app.js';
import { OrderHistoryRepository } from './history/order-history.repository.js';
import { PostgresOrdersRepository } from './orders/postgres-orders.repository.js';
import { canceling, findIn, inTime, listIn, someNewOrder } from './testing/fixtures.js';
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
let granted: TestRoles;
beforeAll(async () => {
  stored = await StoredOrders.open();
  granted = await createTestRoles(stored.db, roles);
});
afterAll(async () => {
  await granted[Symbol.asyncDispose]();
  await stored[Symbol.asyncDispose]();
});

/** Runs `work` as a role, whose rights are found to be complete. */
async function as(kind: 'app' | 'relay' | 'operator', work: (db: DataSource) => Promise<void>) {
  const db = openDataSource({ url: new Secret(granted.urlOf(kind)), poolMax: 4, applicationName: 'app' });
  await withDatabase(db, { rights: roles[kind] }, () => work(db));
}

describe('a role with the declared rights and no others is enough', () => {
  it('for the orders', async () => {
    await as('app', async (db) => {
      const repository = new PostgresOrdersRepository(db, () => undefined);
      const { order, ...rest } = someNewOrder({ key: 'k' });
      await repository.create([{ order, ...rest }], inTime());
      await repository.create([someNewOrder({ key: 'k' })], inTime());
      await findIn(repository, order);
      await listIn(repository, { customerId: 'alice', limit: 1, before: undefined });
      await repository.update(order, inTime(), canceling);
      await new OutboxLog(db).notify();
    });
  });

  it('for the relay, which makes the partitions of the next days without a right to create anything', async () => {
    const [, leaf] = await stored.db.query<[unknown, { name: string }]>(
      `SELECT inhrelid::regclass::text AS name FROM pg_inherits WHERE inhparent = 'outbox'::regclass ORDER BY 1 DESC`,
    );
    await stored.db.query(`DROP TABLE ${leaf.name}`);
    await as('relay', async (db) => {
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
      expect(await log.maintain(1_000)).toEqual([]);
    });
  });

  it('for a replay', async () => {
    await as('operator', async (db) => {
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

  it('for the history of an order, which reads orders as the app and the log as the relay', async () => {
    await as('app', async (app) => {
      await as('relay', async (relay) => {
        const { order, ...rest } = someNewOrder();
        await new PostgresOrdersRepository(app, () => undefined).create([{ order, ...rest }], inTime());
        const log = new OutboxHistory(relay, { idAt: async () => undefined }, SILENT);
        const history = new OrderHistoryRepository(app, log);
        expect((await history.history(order.id, inTime()))?.events).toHaveLength(1);
        const entity = { subject: order.id, events: 2, lastWriter: '3', createdAt: order.createdAt };
        const [event] = await log.eventsOf(entity);
        await log.sequenceOf({ ...event!, published: true }, AbortSignal.timeout(10_000));
      });
    });
  });
});
