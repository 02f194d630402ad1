import { status } from '@grpc/grpc-js';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { ordersV1 } from '@orders/rpc';
import { ITEMS } from './testing/fixtures.js';
import { type ServedOrders, startServedOrders } from './testing/served-orders.js';

let orders: ServedOrders;
beforeAll(async () => {
  orders = await startServedOrders();
});
afterAll(async () => {
  expect(await orders.stop()).toBe(0);
});

describe('CreateOrders over gRPC', () => {
  it('returns a result for each order', async () => {
    const order = { customerId: 'alice', items: [...ITEMS], idempotencyKey: 'b-1', context: undefined };
    const three = [order, { ...order, idempotencyKey: '' }, order];
    const { message } = await orders.call('createOrders', { orders: three });
    expect(message?.results).toMatchObject([
      { outcome: { $case: 'order', value: { status: 'CREATED' } }, replayed: false },
      {
        outcome: { $case: 'problem', value: { status: status.INVALID_ARGUMENT, code: 'validation-failed' } },
      },
      { outcome: { $case: 'order', value: { status: 'CREATED' } }, replayed: true },
    ]);
    const empty = await orders.call('createOrders', { orders: [] });
    expect(empty.error?.code).toBe(status.INVALID_ARGUMENT);
  });

  // The whole batch was INTERNAL.
  it('refuses an order whose price is beyond 2^53-1, and names the field', async () => {
    const order = { customerId: 'alice', items: [...ITEMS], idempotencyKey: 'l-1', context: undefined };
    const items = [ITEMS[0]!, { ...ITEMS[0]!, priceCents: 2 ** 60 }];
    const { message } = await orders.call('createOrders', {
      orders: [order, { ...order, items, idempotencyKey: 'l-2' }, { ...order, idempotencyKey: 'l-3' }],
    });
    expect(message?.results.map(({ outcome }) => outcome)).toMatchObject([
      { $case: 'order' },
      {
        $case: 'problem',
        value: { status: status.INVALID_ARGUMENT, errors: [{ pointer: '/items/1/priceCents' }] },
      },
      { $case: 'order' },
    ]);
  });

  it('uses the trace, correlation id and deadline of each order', async () => {
    const order = { customerId: 'dora', items: [...ITEMS] };
    const traceparent = '00-0af7651916cd43dd8448eb211c803199-b7ad6b7169203331-01';
    const context = { traceparent, requestId: 'r-9', correlationId: 'c-9', timeoutMs: 0 };
    const { message } = await orders.call('createOrders', {
      orders: [
        { ...order, idempotencyKey: 'd-1', context },
        { ...order, idempotencyKey: 'd-2', context: { ...context, correlationId: '' } },
        // Too little time to start.
        { ...order, idempotencyKey: 'd-3', context: { ...context, timeoutMs: 1 } },
      ],
    });
    expect(message?.results).toMatchObject([
      { outcome: { $case: 'order' } },
      { outcome: { $case: 'order' } },
      { outcome: { $case: 'problem', value: { code: 'deadline-exceeded' } } },
    ]);
    const events = orders.bus.messages.filter(({ body }) => body.includes('"dora"'));
    expect(events.map(({ headers }) => headers['ce-correlationid'])).toEqual(['c-9', 'r-9']);
    expect(events.map(({ headers }) => headers['traceparent'])).toEqual([traceparent, traceparent]);
  });

  it('ignores invalid ids and traces, which events would carry', async () => {
    const order = { customerId: 'erin', items: [...ITEMS] };
    const long = 'x'.repeat(70_000);
    const context = { traceparent: long, requestId: long, correlationId: long, timeoutMs: 0 };
    const { message } = await orders.call('createOrders', {
      orders: [{ ...order, idempotencyKey: 'e-1', context }],
    });
    expect(message?.results).toMatchObject([{ outcome: { $case: 'order' } }]);
    const [event] = orders.bus.messages.filter(({ body }) => body.includes('"erin"'));
    expect(event?.headers['ce-correlationid']).toMatch(/^[\w-]{36}$/);
    expect(event?.headers['traceparent']).toMatch(/^00-[0-9a-f]{32}-[0-9a-f]{16}-0[01]$/);
  });

  it('reports the fields of an invalid order as createOrder does', async () => {
    const { error } = await orders.create({ items: [], idempotencyKey: 'x' });
    const { message } = await orders.call('createOrders', {
      orders: [{ customerId: 'alice', items: [], idempotencyKey: 'x', context: undefined }],
    });
    const problem = message?.results[0]?.outcome?.value as ordersV1.Problem;
    expect(problem.detail).toBe(error?.details);
    expect(problem.errors).toEqual(
      JSON.parse(decodeURIComponent(String(error?.metadata.get('problem-errors')[0]))),
    );
  });
});
