import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { ordersCanceled, ordersCreated, type OrderSnapshot } from '@orders/events';
import { consumerMetrics, InboxConsumer } from '@orders/inbox';
import { type Message, MemoryBus, toMessage } from '@orders/messaging';
import { newEventId, recordingLog } from '@orders/messaging/testing';
import { transactionsOf } from '@orders/postgres';
import { createMigratedDatabase, type TestDatabase } from '@orders/postgres/testing';
import { FaultProxy } from '@orders/resilience/testing';
import { eventually } from '@orders/resilience/testing/eventually';
import { Secret } from '@orders/service';
import { randomUUID } from 'node:crypto';
import type { DataSource } from 'typeorm';
import { dataSource as openDataSource, handlers, name } from '../app.js';
import { ShipmentsRepository } from './shipments.repository.js';

let db: TestDatabase;
let dataSource: DataSource;
let shipments: ShipmentsRepository;

beforeAll(async () => {
  ({ db, dataSource } = await createMigratedDatabase((url) =>
    openDataSource({ url: new Secret(url), poolMax: 4, applicationName: 'test' }),
  ));
  shipments = new ShipmentsRepository(dataSource);
});
afterAll(() => db[Symbol.asyncDispose]());

it('reading a shipment while Postgres is down is unavailable (503), not a bug (500)', async () => {
  const url = new URL(db.url);
  const edge = await FaultProxy.listen('postgres', Number(url.port));
  url.port = String(edge.port);
  const settings = { url: new Secret(url.href), poolMax: 1, applicationName: 'test' };
  const away = await openDataSource(settings).initialize();
  await edge.close();
  const found = new ShipmentsRepository(away).find(randomUUID());
  await expect(found).rejects.toMatchObject({ code: 'unavailable' });
  await away.destroy();
});

beforeEach(() => db.query('TRUNCATE shipments, inbox, dead_letter'));

const order = (id = randomUUID()): OrderSnapshot => ({
  id,
  customerId: 'alice',
  items: [
    { sku: 'apple', quantity: 3, priceCents: 250 },
    { sku: 'pear', quantity: 1, priceCents: 99 },
  ],
  totalCents: 849,
  status: 'CREATED',
  createdAt: '2026-01-02T03:04:05.678Z',
  version: 1,
});

function event(contract: typeof ordersCreated, data: OrderSnapshot, sequence: number): Message {
  const context = { ...contract, id: newEventId(), source: 'urn:service:orders', subject: data.id, sequence };
  return toMessage({ ...context, time: new Date(), correlationId: 'c', traceparent: '' }, data);
}
const created = (data: OrderSnapshot) => event(ordersCreated, data, 1);
const canceled = (data: OrderSnapshot) =>
  event(ordersCanceled, { ...data, status: 'CANCELED', version: 2 }, 2);

/** Publishes the messages and consumes until all of them are settled. */
async function consume(...messages: Message[]) {
  const bus = new MemoryBus();
  for (const message of messages) await bus.publish(message);
  const stop = new AbortController();
  const logger = recordingLog();
  const consumer = new InboxConsumer({
    name,
    source: bus.source,
    db: transactionsOf(dataSource),
    handlers,
    logger,
    metrics: consumerMetrics('fulfillment'),
  });
  const running = consumer.run(stop.signal);
  await eventually('everything to be settled', async () => (await bus.source.lag()) === 0);
  stop.abort();
  await running;
  return logger.lines.map(({ message }) => message);
}

describe('a shipment', () => {
  it('is planned when an order was created', async () => {
    const data = order();
    await consume(created(data));
    expect(await shipments.find(data.id)).toMatchObject({
      orderId: data.id,
      customerId: 'alice',
      items: data.items,
      units: 4,
      totalCents: 849,
      status: 'PLANNED',
      eventsApplied: 1,
    });
  });

  it('is cancelled with its order, in one batch, in two, and when the events arrive in reverse', async () => {
    const [together, apart, reversed] = [order(), order(), order()];
    await consume(created(together), canceled(together));
    await consume(created(apart));
    await consume(canceled(apart));
    await consume(canceled(reversed));
    await consume(created(reversed));
    for (const { id } of [together, apart, reversed]) {
      expect(await shipments.find(id)).toMatchObject({ status: 'CANCELED', sequence: 2, eventsApplied: 2 });
    }
  });

  it('logs once that events are missing and once that they have arrived; the effect is right either way', async () => {
    const data = order();
    const third = event(ordersCanceled, { ...data, status: 'CANCELED', version: 3 }, 3);
    const fourth = event(ordersCanceled, { ...data, status: 'CANCELED', version: 4 }, 4);
    const missing = 'events are missing before this one';
    const come = 'missing events have come';
    expect(await consume(third)).toContain(missing);
    expect(await consume(fourth)).not.toContain(missing);
    expect(await consume(third)).not.toContain(missing);
    expect(await consume(created(data))).not.toContain(come);
    expect(await consume(canceled(data))).toContain(come);
    expect(await shipments.find(data.id)).toMatchObject({
      status: 'CANCELED',
      sequence: 4,
      eventsApplied: 4,
    });
  });

  it('takes effect once for each event, however often it is delivered', async () => {
    const data = order();
    const message = created(data);
    await consume(message);
    await consume(message);
    await consume(message, canceled(data));
    expect(await shipments.find(data.id)).toMatchObject({ eventsApplied: 2 });
  });

  it.each([
    ['breaks its schema', { ...created(order()), body: '{"id":1}' }, /\/id: /],
    [
      'has what separates values in the statement',
      created({ ...order(), customerId: 'a\x1fb' }),
      /^ZodError: \/customerId: must be text without control characters$/,
    ],
  ])('is planned for each of many orders, although one event %s', async (_what, poison, reason) => {
    const orders = Array.from({ length: 100 }, () => order());
    await consume(...orders.slice(0, 50).map(created), poison, ...orders.slice(50).map(created));
    const [{ count } = { count: 0 }] = await db.query<{ count: number }[]>(
      'SELECT count(*)::int FROM shipments WHERE events_applied = 1',
    );
    expect(count).toBe(100);
    const letters = await db.query('SELECT consumer, error FROM dead_letter');
    expect(letters).toEqual([{ consumer: 'fulfillment', error: expect.stringMatching(reason) }]);
  });

  it('is not found for an order without events', async () => {
    expect(await shipments.find(randomUUID())).toBeUndefined();
  });
});
