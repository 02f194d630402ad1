import { credentials, type ServiceError, status } from '@grpc/grpc-js';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createLogger } from '@orders/instrumentation';
import { createMigratedDatabase, requiredUrl, type TestDatabase } from '@orders/postgres/testing';
import { eventually } from '@orders/resilience/testing/eventually';
import { orderHistoryV1 } from '@orders/rpc';
import { readConfig, Secret, Service } from '@orders/service';
import { freePort } from '@orders/service/testing';
import { randomUUID } from 'node:crypto';
import { configSchema, dataSource, name } from '../app.js';
import { serveOrders } from '../orders.server.js';
import type { NewOrder } from '../orders/orders.repository.js';
import { openStorage, type Storage } from '../storage.js';
import { canceling, inTime, ORIGIN, someNewOrder } from '../testing/fixtures.js';

const UNKNOWN = '00000000-0000-7000-8000-000000000000';

let db: TestDatabase;
let service: Service;
let storage: Storage;
let client: orderHistoryV1.OrderHistoryClient;

beforeAll(async () => {
  ({ db } = await createMigratedDatabase((url) =>
    dataSource({ url: new Secret(url), poolMax: 1, applicationName: 'test' }),
  ));
  const port = await freePort();
  const environment = { DATABASE_URL: db.url, NATS_URL: requiredUrl('TEST_NATS_URL') };
  const ports = { MANAGEMENT_PORT: '0', SHUTDOWN_WAIT_MS: '0', GRPC_PORT: String(port) };
  const config = readConfig(configSchema, { ...environment, ...ports });
  service = new Service({
    ...{ name, config, logger: createLogger({ name, level: 'silent' }) },
    process: { on: () => undefined, exit: () => undefined },
  });
  storage = await openStorage(config, service);
  await serveOrders({ service, ...storage, address: `127.0.0.1:${port}` });
  client = new orderHistoryV1.OrderHistoryClient(`127.0.0.1:${port}`, credentials.createInsecure());
});
afterAll(async () => {
  client.close();
  await service.stop('test');
  await db[Symbol.asyncDispose]();
});

async function stored(overrides: Parameters<typeof someNewOrder>[0] = {}): Promise<NewOrder> {
  const order = someNewOrder({ customerId: `c-${randomUUID()}`, ...overrides });
  await storage.repository.create([order], inTime());
  return order;
}

type By = orderHistoryV1.FindOrdersRequest['by'];

function find(by: By): Promise<orderHistoryV1.FindOrdersResponse> {
  return new Promise((resolve, reject) =>
    client.findOrders({ by }, (error, answer) => (error ? reject(error) : resolve(answer))),
  );
}

function historyOf(orderId: string): Promise<orderHistoryV1.GetHistoryResponse> {
  return new Promise((resolve, reject) =>
    client.getHistory({ orderId }, (error, answer) => (error ? reject(error) : resolve(answer))),
  );
}

/** The status of a call that is refused, and the first field that it names. */
async function refusalOf(call: Promise<unknown>): Promise<[string | undefined, string]> {
  const error = await call.then(
    () => undefined,
    (reason: unknown) => reason as ServiceError,
  );
  const errors = decodeURIComponent(String(error?.metadata.get('problem-errors')[0] ?? '[]'));
  const [field] = JSON.parse(errors) as { pointer: string }[];
  return [error && status[error.code], field?.pointer ?? ''];
}

const idsOf = ({ orders }: orderHistoryV1.FindOrdersResponse) => orders.map(({ id }) => id);

describe('orders are found', () => {
  it('by id, in upper or lower case, and an id of none finds none', async () => {
    const { order, idempotencyKey } = await stored();
    const found = await find({ $case: 'orderId', value: order.id.toUpperCase() });
    expect(found).toMatchObject({
      orders: [{ id: order.id, idempotencyKey, status: 'CREATED', version: 1, items: 2, totalCents: 849 }],
      nextBefore: '',
    });
    for (const value of [UNKNOWN, '', 'x', "' OR true --", '\u0000'])
      expect(idsOf(await find({ $case: 'orderId', value }))).toEqual([]);
  });

  it('by the key of a customer, and not by that of another customer', async () => {
    const { order, idempotencyKey } = await stored();
    const byKey = (customerId: string) => find({ $case: 'key', value: { customerId, idempotencyKey } });
    expect(idsOf(await byKey(order.customerId))).toEqual([order.id]);
    expect(idsOf(await byKey('somebody else'))).toEqual([]);
  });

  it('by customer, newest first, 50 on a page', async () => {
    const customerId = `c-${randomUUID()}`;
    const orders = Array.from({ length: 51 }, () => someNewOrder({ customerId }));
    await storage.repository.create(orders, inTime());
    const ids = orders
      .map(({ order }) => order.id)
      .sort()
      .toReversed();
    const first = await find({ $case: 'customer', value: { customerId, before: '' } });
    expect(idsOf(first)).toEqual(ids.slice(0, 50));
    const second = await find({ $case: 'customer', value: { customerId, before: first.nextBefore } });
    expect([idsOf(second), second.nextBefore]).toEqual([ids.slice(50), '']);
  });

  it.each<[string, By, string]>([
    ['nothing to find', undefined, '/by'],
    ['no customer', { $case: 'customer', value: { customerId: '', before: '' } }, '/customer/customerId'],
    [
      'a customer that is too long',
      { $case: 'customer', value: { customerId: 'x'.repeat(129), before: '' } },
      '/customer/customerId',
    ],
    [
      'a page after no order',
      { $case: 'customer', value: { customerId: 'c', before: 'x' } },
      '/customer/before',
    ],
    [
      'a customer with NUL',
      { $case: 'key', value: { customerId: '\0', idempotencyKey: 'k' } },
      '/key/customerId',
    ],
    ['no key', { $case: 'key', value: { customerId: 'c', idempotencyKey: '' } }, '/key/idempotencyKey'],
    [
      'a key that is too long',
      { $case: 'key', value: { customerId: 'c', idempotencyKey: 'k'.repeat(256) } },
      '/key/idempotencyKey',
    ],
  ])('but not by %s: the field is named', async (_what, by, pointer) => {
    expect(await refusalOf(find(by))).toEqual(['INVALID_ARGUMENT', pointer]);
  });
});

describe('the history of an order', () => {
  it('has each of its events with its place in the log and in the stream, and the request that caused it', async () => {
    const { order, event } = await stored();
    await stored();
    await storage.repository.update({ id: order.id, customerId: undefined }, inTime(), canceling);
    await eventually('both events are published', async () =>
      (await historyOf(order.id)).events.every(({ streamSequence }) => streamSequence > 0),
    );
    const history = await historyOf(order.id);
    expect(history).toMatchObject({ order: { status: 'CANCELED', version: 2 }, missingEvents: 0 });
    expect(history.events).toMatchObject([
      {
        eventId: event.id,
        type: 'orders.created',
        sequence: 1,
        published: true,
        stream: 'ORDERS',
        ...ORIGIN,
      },
      { type: 'orders.canceled', sequence: 2, published: true, stream: 'ORDERS', ...ORIGIN },
    ]);
    const [created, canceled] = history.events;
    expect(canceled!.streamSequence).toBeGreaterThan(created!.streamSequence);
    expect(BigInt(canceled!.logPosition)).toBeGreaterThan(BigInt(created!.logPosition));
  });

  it('tells that events are missing once the log no longer keeps them', async () => {
    const { order } = await stored();
    await db.query('DELETE FROM outbox WHERE event_id IS NOT NULL');
    expect(await historyOf(order.id)).toMatchObject({
      order: { id: order.id },
      events: [],
      missingEvents: 1,
    });
  });

  it.each([UNKNOWN, '', 'x', "'; DROP TABLE orders --", 'x'.repeat(100_000), '\u0000'])(
    'of an unknown id is not found',
    async (id) => {
      expect(await refusalOf(historyOf(id))).toEqual(['NOT_FOUND', '']);
    },
  );
});
