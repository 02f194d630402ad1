import { credentials, makeGenericClientConstructor, Metadata, status } from '@grpc/grpc-js';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { fromServiceError } from '@orders/grpc';
import { service as healthService } from 'grpc-health-check';
import { ITEMS } from './testing/fixtures.js';
import { type ServedOrders, startServedOrders } from './testing/served-orders.js';

let orders: ServedOrders;
beforeAll(async () => {
  orders = await startServedOrders();
});
afterAll(async () => {
  expect(await orders.stop()).toBe(0);
});

const ANY = { expectedVersion: 0, otherExpectedVersions: [] };
const LARGE = 2 ** 60;
const OTHER_IS_LARGE = { expectedVersion: 1, otherExpectedVersions: [LARGE] };
const LARGE_PRICE = [{ ...ITEMS[0]!, priceCents: LARGE }];
const NOBODYS = '00000000-0000-7000-8000-000000000000';

describe('orders.v1 over gRPC', () => {
  it('creates an order, and returns it again as a replay', async () => {
    const first = await orders.create({ idempotencyKey: 'a' });
    expect(first.message).toMatchObject({
      customerId: 'alice',
      totalCents: 849,
      status: 'CREATED',
      version: 1,
    });
    expect(first.replayed).toBe(false);
    const again = await orders.create({ idempotencyKey: 'a' });
    expect(again).toEqual({ error: null, message: first.message, replayed: true });
  });

  it.each(['', 'orders.v1.Orders'])('reports "%s" as SERVING by grpc.health.v1', async (name) => {
    const Health = makeGenericClientConstructor(healthService, 'Health');
    const health = new Health(orders.address, credentials.createInsecure());
    const status = await new Promise((resolve, reject) => {
      health['check']!({ service: name }, (error: Error | null, answer: { status: string }) =>
        error ? reject(error) : resolve(answer.status),
      );
    });
    expect(status).toBe('SERVING');
    health.close();
  });

  it('copies the trace and the correlation id of the call to the event', async () => {
    const metadata = new Metadata();
    metadata.set('traceparent', '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01');
    metadata.set('x-request-id', 'r-1');
    metadata.set('x-correlation-id', 'c-1');
    const { message: order } = await orders.create({ idempotencyKey: 'traced' }, metadata);
    await orders.call('cancelOrder', { id: order!.id, customerId: '', ...ANY }, metadata);
    const events = orders.bus.messages.slice(-2);
    expect(events.map(({ subject }) => subject)).toEqual(['orders.created', 'orders.canceled']);
    for (const { headers } of events) {
      expect(headers['ce-correlationid']).toBe('c-1');
      expect(headers['traceparent']).toContain('0af7651916cd43dd8448eb211c80319c');
    }
  });

  it('returns the problem code and the field', async () => {
    const { error } = await orders.create({ items: [] });
    expect(error?.code).toBe(status.INVALID_ARGUMENT);
    expect(error?.metadata.get('problem-code')).toEqual(['validation-failed']);
    expect(decodeURIComponent(String(error?.metadata.get('problem-errors')[0]))).toContain('"/items"');
  });

  // Clients in Python got RESOURCE_EXHAUSTED, and behind HAProxy the call was UNAVAILABLE.
  it('returns as many fields of an order with 300 mistakes as fit into trailers, and counts the others', async () => {
    const items = Array.from({ length: 100 }, () => ({ sku: '', quantity: 0, priceCents: -1 }));
    const { error } = await orders.create({ items });
    const trailers = Object.entries(error!.metadata.getMap());
    expect(trailers.reduce((sum, [name, value]) => sum + name.length + value.length + 32, 0)).toBeLessThan(
      7_168,
    );
    const { errors, errorsOmitted } = fromServiceError(error!);
    expect(errors.length).toBeGreaterThan(20);
    expect(errors.length + errorsOmitted).toBe(300);
  });

  it('gets, lists and cancels', async () => {
    const customerId = 'carol';
    const { message: order } = await orders.create({ customerId, idempotencyKey: 'c' });
    const got = await orders.call('getOrder', {
      id: order!.id,
      customerId,
    });
    expect(got.message).toEqual(order);
    const listed = await orders.call('listOrders', {
      customerId,
      limit: 0,
      cursor: '',
    });
    expect(listed.message).toEqual({ orders: [order], nextCursor: '' });
    const cancel = { id: order!.id, customerId, ...ANY, expectedVersion: 2 };
    expect((await orders.call('cancelOrder', cancel)).error?.code).toBe(status.FAILED_PRECONDITION);
    const canceled = await orders.call('cancelOrder', {
      ...cancel,
      expectedVersion: 0,
    });
    expect(canceled.message).toMatchObject({ status: 'CANCELED', version: 2 });
  });

  it.each([
    ['one version', { expectedVersion: 1, otherExpectedVersions: [] }, status.OK],
    ['one of several', { expectedVersion: 7, otherExpectedVersions: [8, 1] }, status.OK],
    ['none of several', { expectedVersion: 7, otherExpectedVersions: [8] }, status.FAILED_PRECONDITION],
    ['no version', { expectedVersion: -1, otherExpectedVersions: [] }, status.FAILED_PRECONDITION],
  ])('cancels an order that must be at %s', async (name, expected, code) => {
    const { message: order } = await orders.create({ idempotencyKey: `at ${name}`.replaceAll(' ', '-') });
    const { error } = await orders.call('cancelOrder', { id: order!.id, customerId: 'alice', ...expected });
    expect(error?.code ?? status.OK).toBe(code);
  });

  it.each([
    [0, 20],
    [1, 1],
    [100, 100],
  ])('returns for a limit of %i a page of %i orders, and the rest by its cursor', async (limit, length) => {
    const customerId = `customer of ${limit}`;
    const some = Array.from({ length: length + 1 }, (_, n) => ({
      customerId,
      items: [...ITEMS],
      idempotencyKey: `page-${n}`,
      context: undefined,
    }));
    await orders.call('createOrders', { orders: some });
    const { message: page } = await orders.call('listOrders', { customerId, limit, cursor: '' });
    expect(page!.orders).toHaveLength(length);
    const { message: rest } = await orders.call('listOrders', {
      customerId,
      limit,
      cursor: page!.nextCursor,
    });
    expect(rest).toMatchObject({ orders: [{ customerId }], nextCursor: '' });
  });

  it('finds an order by its id in upper case', async () => {
    const { message: order } = await orders.create({ idempotencyKey: 'capitals' });
    const got = await orders.call('getOrder', { id: order!.id.toUpperCase(), customerId: '' });
    expect(got.message).toEqual(order);
  });

  it.each(['not-a-uuid', NOBODYS])('does not find %s', async (id) => {
    expect((await orders.call('getOrder', { id, customerId: '' })).error?.code).toBe(status.NOT_FOUND);
  });

  it.each([
    ['listOrders', { customerId: 'alice', limit: -5, cursor: '' }, '/limit'],
    ['listOrders', { customerId: 'alice', limit: 101, cursor: '' }, '/limit'],
    ['listOrders', { customerId: '', limit: 0, cursor: '' }, '/customerId'],
    ['listOrders', { customerId: 'a\0', limit: 0, cursor: '' }, '/customerId'],
    ['getOrder', { id: NOBODYS, customerId: 'a\0' }, '/customerId'],
    ['getOrder', { id: NOBODYS, customerId: 'a'.repeat(129) }, '/customerId'],
    ['cancelOrder', { id: NOBODYS, customerId: 'a\0', ...ANY }, '/customerId'],
    // Each was INTERNAL.
    ['cancelOrder', { id: NOBODYS, customerId: 'a', ...ANY, expectedVersion: LARGE }, '/expectedVersion'],
    ['cancelOrder', { id: NOBODYS, customerId: 'a', ...OTHER_IS_LARGE }, '/expectedVersion'],
    [
      'createOrder',
      { customerId: 'a', idempotencyKey: 'k', items: LARGE_PRICE, context: undefined },
      '/items/0/priceCents',
    ],
  ] as const)('refuses %s %j and names the field', async (name, request, pointer) => {
    const { error } = await orders.call(name, request);
    expect(error?.code).toBe(status.INVALID_ARGUMENT);
    expect(decodeURIComponent(String(error?.metadata.get('problem-errors')[0]))).toContain(`"${pointer}"`);
  });

  it('refuses a cursor that it has not issued', async () => {
    const { error } = await orders.call('listOrders', {
      customerId: 'alice',
      limit: 0,
      cursor: 'x',
    });
    expect(error?.code).toBe(status.INVALID_ARGUMENT);
  });
});
