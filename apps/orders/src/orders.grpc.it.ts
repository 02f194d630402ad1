import {
  type ClientUnaryCall,
  credentials,
  makeGenericClientConstructor,
  Metadata,
  type ServiceError,
  status,
} from '@grpc/grpc-js';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createLogger } from '@orders/instrumentation';
import { MemoryBus } from '@orders/messaging';
import { ordersV1 } from '@orders/rpc';
import { Service } from '@orders/service';
import { service as healthService } from 'grpc-health-check';
import { serveOrders } from './orders.server.js';
import { MemoryOrdersRepository } from './orders/memory-orders.repository.js';
import { ITEMS } from './testing/fixtures.js';

const bus = new MemoryBus();
const exited = Promise.withResolvers<number>();
let client: ordersV1.OrdersClient;
let service: Service;
let address: string;

beforeAll(async () => {
  service = new Service({
    name: 'orders',
    config: { host: '127.0.0.1', managementPort: 0, shutdownWaitMs: 0, shutdownDrainMs: 1_000 },
    logger: createLogger({ name: 'orders', level: 'silent' }),
    process: { on: () => undefined, exit: exited.resolve },
  });
  address = `127.0.0.1:${await freePort()}`;
  await serveOrders(service, new MemoryOrdersRepository(bus), address);
  client = new ordersV1.OrdersClient(address, credentials.createInsecure());
});
afterAll(async () => {
  client.close();
  await service.stop('test');
  expect(await exited.promise).toBe(0);
});

const NOBODYS = '00000000-0000-7000-8000-000000000000';

/** Request and answer of each call. */
interface Rpcs {
  createOrder: [ordersV1.CreateOrderRequest, ordersV1.Order];
  createOrders: [ordersV1.CreateOrdersRequest, ordersV1.CreateOrdersResponse];
  getOrder: [ordersV1.GetOrderRequest, ordersV1.Order];
  listOrders: [ordersV1.ListOrdersRequest, ordersV1.ListOrdersResponse];
  cancelOrder: [ordersV1.CancelOrderRequest, ordersV1.Order];
}

interface Answer<Message> {
  message: Message | undefined;
  error: ServiceError | null;
  replayed: boolean;
}

function call<Name extends keyof Rpcs>(
  name: Name,
  request: Rpcs[Name][0],
  metadata = new Metadata(),
): Promise<Answer<Rpcs[Name][1]>> {
  type Done = (error: ServiceError | null, message?: Rpcs[Name][1]) => void;
  const method = client[name].bind(client) as (...args: [Rpcs[Name][0], Metadata, Done]) => ClientUnaryCall;
  return new Promise((resolve) => {
    let replayed = false;
    method(request, metadata, (error, message) => resolve({ message, error, replayed })).on(
      'metadata',
      (initial) => (replayed = initial.get('idempotent-replayed')[0] === 'true'),
    );
  });
}

const create = (overrides: Partial<ordersV1.CreateOrderRequest> = {}, metadata?: Metadata) =>
  call(
    'createOrder',
    { customerId: 'alice', items: [...ITEMS], idempotencyKey: 'k-1', context: undefined, ...overrides },
    metadata,
  );

describe('orders.v1 over gRPC', () => {
  it('creates an order, and answers the same again as a replay', async () => {
    const first = await create({ idempotencyKey: 'a' });
    expect(first.message).toMatchObject({
      customerId: 'alice',
      totalCents: 849,
      status: 'CREATED',
      version: 1,
    });
    expect(first.replayed).toBe(false);
    const again = await create({ idempotencyKey: 'a' });
    expect(again).toEqual({ error: null, message: first.message, replayed: true });
  });

  it.each(['', 'orders.v1.Orders'])('says by grpc.health.v1 that "%s" is serving', async (name) => {
    const Health = makeGenericClientConstructor(healthService, 'Health');
    const health = new Health(address, credentials.createInsecure());
    const status = await new Promise((resolve, reject) => {
      health['check']!({ service: name }, (error: Error | null, answer: { status: string }) =>
        error ? reject(error) : resolve(answer.status),
      );
    });
    expect(status).toBe('SERVING');
    health.close();
  });

  it('hands the trace and the correlation of the call on to the event', async () => {
    const metadata = new Metadata();
    metadata.set('traceparent', '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01');
    metadata.set('x-request-id', 'r-1');
    metadata.set('x-correlation-id', 'c-1');
    const { message: order } = await create({ idempotencyKey: 'traced' }, metadata);
    await call('cancelOrder', { id: order!.id, customerId: '', expectedVersion: 0 }, metadata);
    const events = bus.messages.slice(-2);
    expect(events.map(({ subject }) => subject)).toEqual(['orders.created', 'orders.canceled']);
    for (const { headers } of events) {
      expect(headers['ce-correlationid']).toBe('c-1');
      expect(headers['traceparent']).toContain('0af7651916cd43dd8448eb211c80319c');
    }
  });

  it('names the problem and the field', async () => {
    const { error } = await create({ items: [] });
    expect(error?.code).toBe(status.INVALID_ARGUMENT);
    expect(error?.metadata.get('problem-code')).toEqual(['validation-failed']);
    expect(decodeURIComponent(String(error?.metadata.get('problem-errors')[0]))).toContain('"/items"');
  });

  it('answers each order of a batch', async () => {
    const order = { customerId: 'alice', items: [...ITEMS], idempotencyKey: 'b-1', context: undefined };
    const orders = [order, { ...order, idempotencyKey: '' }, order];
    const { message } = await call('createOrders', {
      orders,
    });
    expect(message?.results).toMatchObject([
      { outcome: { $case: 'order', value: { status: 'CREATED' } }, replayed: false },
      {
        outcome: { $case: 'problem', value: { status: status.INVALID_ARGUMENT, code: 'validation-failed' } },
      },
      { outcome: { $case: 'order', value: { status: 'CREATED' } }, replayed: true },
    ]);
    const empty = await call('createOrders', { orders: [] });
    expect(empty.error?.code).toBe(status.INVALID_ARGUMENT);
  });

  it('takes each order of a batch with its own trace, correlation and time', async () => {
    const order = { customerId: 'dora', items: [...ITEMS] };
    const traceparent = '00-0af7651916cd43dd8448eb211c803199-b7ad6b7169203331-01';
    const context = { traceparent, requestId: 'r-9', correlationId: 'c-9', timeoutMs: 0 };
    const { message } = await call('createOrders', {
      orders: [
        { ...order, idempotencyKey: 'd-1', context },
        { ...order, idempotencyKey: 'd-2', context: { ...context, correlationId: '' } },
        // Too little to begin with.
        { ...order, idempotencyKey: 'd-3', context: { ...context, timeoutMs: 1 } },
      ],
    });
    expect(message?.results).toMatchObject([
      { outcome: { $case: 'order' } },
      { outcome: { $case: 'order' } },
      { outcome: { $case: 'problem', value: { code: 'deadline-exceeded' } } },
    ]);
    const events = bus.messages.filter(({ body }) => body.includes('"dora"'));
    expect(events.map(({ headers }) => headers['ce-correlationid'])).toEqual(['c-9', 'r-9']);
    expect(events.map(({ headers }) => headers['traceparent'])).toEqual([traceparent, traceparent]);
  });

  it('takes over no id and no trace that is not sane: events would carry it', async () => {
    const order = { customerId: 'erin', items: [...ITEMS] };
    const long = 'x'.repeat(70_000);
    const context = { traceparent: long, requestId: long, correlationId: long, timeoutMs: 0 };
    const { message } = await call('createOrders', {
      orders: [{ ...order, idempotencyKey: 'e-1', context }],
    });
    expect(message?.results).toMatchObject([{ outcome: { $case: 'order' } }]);
    const [event] = bus.messages.filter(({ body }) => body.includes('"erin"'));
    expect(event?.headers['ce-correlationid']).toMatch(/^[\w-]{36}$/);
    expect(event?.headers['traceparent']).toMatch(/^00-[0-9a-f]{32}-[0-9a-f]{16}-0[01]$/);
  });

  it('names the field of an order of a batch just as that of an order alone', async () => {
    const { error } = await create({ items: [], idempotencyKey: 'x' });
    const { message } = await call('createOrders', {
      orders: [{ customerId: 'alice', items: [], idempotencyKey: 'x', context: undefined }],
    });
    const problem = message?.results[0]?.outcome?.value as ordersV1.Problem;
    expect(problem.detail).toBe(error?.details);
    expect(problem.errors).toEqual(
      JSON.parse(decodeURIComponent(String(error?.metadata.get('problem-errors')[0]))),
    );
  });

  it('gets, lists and cancels', async () => {
    const customerId = 'carol';
    const { message: order } = await create({ customerId, idempotencyKey: 'c' });
    const got = await call('getOrder', {
      id: order!.id,
      customerId,
    });
    expect(got.message).toEqual(order);
    const listed = await call('listOrders', {
      customerId,
      limit: 0,
      cursor: '',
    });
    expect(listed.message).toEqual({ orders: [order], nextCursor: '' });
    const cancel = { id: order!.id, customerId, expectedVersion: 2 };
    expect((await call('cancelOrder', cancel)).error?.code).toBe(status.FAILED_PRECONDITION);
    const canceled = await call('cancelOrder', {
      ...cancel,
      expectedVersion: 0,
    });
    expect(canceled.message).toMatchObject({ status: 'CANCELED', version: 2 });
  });

  it.each([
    [0, 20],
    [1, 1],
    [100, 100],
  ])('asked for a page of %i orders it gives %i, and the others behind its cursor', async (limit, length) => {
    const customerId = `customer of ${limit}`;
    const orders = Array.from({ length: length + 1 }, (_, n) => ({
      customerId,
      items: [...ITEMS],
      idempotencyKey: `page-${n}`,
      context: undefined,
    }));
    await call('createOrders', { orders });
    const { message: page } = await call('listOrders', { customerId, limit, cursor: '' });
    expect(page!.orders).toHaveLength(length);
    const { message: rest } = await call('listOrders', { customerId, limit, cursor: page!.nextCursor });
    expect(rest).toMatchObject({ orders: [{ customerId }], nextCursor: '' });
  });

  it('finds an order by its id in capitals too', async () => {
    const { message: order } = await create({ idempotencyKey: 'capitals' });
    const got = await call('getOrder', { id: order!.id.toUpperCase(), customerId: '' });
    expect(got.message).toEqual(order);
  });

  it.each(['not-a-uuid', NOBODYS])('does not find %s', async (id) => {
    expect((await call('getOrder', { id, customerId: '' })).error?.code).toBe(status.NOT_FOUND);
  });

  it.each([
    ['listOrders', { customerId: 'alice', limit: -5, cursor: '' }, '/limit'],
    ['listOrders', { customerId: 'alice', limit: 101, cursor: '' }, '/limit'],
    ['listOrders', { customerId: '', limit: 0, cursor: '' }, '/customerId'],
    ['listOrders', { customerId: 'a\0', limit: 0, cursor: '' }, '/customerId'],
    ['getOrder', { id: NOBODYS, customerId: 'a\0' }, '/customerId'],
    ['getOrder', { id: NOBODYS, customerId: 'a'.repeat(129) }, '/customerId'],
    ['cancelOrder', { id: NOBODYS, customerId: 'a\0', expectedVersion: 0 }, '/customerId'],
  ] as const)('refuses %s %j, naming the field', async (name, request, pointer) => {
    const { error } = await call(name, request);
    expect(error?.code).toBe(status.INVALID_ARGUMENT);
    expect(decodeURIComponent(String(error?.metadata.get('problem-errors')[0]))).toContain(`"${pointer}"`);
  });

  it('refuses a cursor that it has not made', async () => {
    const { error } = await call('listOrders', {
      customerId: 'alice',
      limit: 0,
      cursor: 'x',
    });
    expect(error?.code).toBe(status.INVALID_ARGUMENT);
  });
});

async function freePort(): Promise<number> {
  const { createServer } = await import('node:net');
  const server = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  return typeof address === 'object' && address ? address.port : 0;
}
