import { type ServiceError, status } from '@grpc/grpc-js';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { toProblemMessage, fromServiceError } from '@orders/grpc';
import type { ordersV1 } from '@orders/rpc';
import fc from 'fast-check';
import { ITEMS } from './testing/fixtures.js';
import { type ServedOrders, startServedOrders } from './testing/served-orders.js';

let orders: ServedOrders;
let ids: string[];
beforeAll(async () => {
  orders = await startServedOrders();
  const placed = ['alice', 'alice', 'alice', 'bob'].map((customerId, n) =>
    orders.create({ customerId, idempotencyKey: `k-${n}`, items: [...ITEMS] }),
  );
  ids = (await Promise.all(placed)).map(({ message }) => message!.id);
});
afterAll(async () => {
  expect(await orders.stop()).toBe(0);
});

const anyId = fc.oneof(
  fc.nat({ max: 3 }).map((n) => ids[n]!),
  fc.constantFrom('not-a-uuid', '', '00000000-0000-7000-8000-000000000000'),
);
const anyCustomer = fc.constantFrom('alice', 'bob', 'carol', '', 'a\0b', 'x'.repeat(200));
const anyContext = fc.constantFrom(undefined, {
  traceparent: 'x'.repeat(70_000),
  requestId: 'r',
  correlationId: '',
  timeoutMs: 60_000,
});

/** What a result of a batch would be as the outcome of a call of its own. */
function outcomeOf({ message, error }: { message: unknown; error: ServiceError | null }, $case: string) {
  return error
    ? { $case: 'problem', value: toProblemMessage(fromServiceError(error)) }
    : { $case, value: message };
}

describe('GetOrders and ListPages over gRPC', () => {
  it('give each read of a batch the answer that it gets alone', async () => {
    const reads = fc.array(fc.record({ id: anyId, customerId: anyCustomer, context: anyContext }), {
      minLength: 1,
      maxLength: 20,
    });
    const property = fc.asyncProperty(reads, async (requests) => {
      const { message } = await orders.call('getOrders', { requests });
      const alone = await Promise.all(requests.map((request) => orders.call('getOrder', request)));
      const outcomes = message!.results.map(({ outcome }) => outcome);
      expect(outcomes).toEqual(alone.map((answer) => outcomeOf(answer, 'order')));
    });
    await fc.assert(property, { numRuns: 15 });
  });

  it('give each page of a batch the answer that it gets alone', async () => {
    const page = fc.record({
      customerId: anyCustomer,
      limit: fc.constantFrom(-1, 0, 1, 2, 100, 101),
      cursor: fc.oneof(anyId, fc.constant('')).map((id) => Buffer.from(id).toString('base64url')),
      context: anyContext,
    });
    const property = fc.asyncProperty(fc.array(page, { minLength: 1, maxLength: 10 }), async (requests) => {
      const { message } = await orders.call('listPages', { requests });
      const alone = await Promise.all(requests.map((request) => orders.call('listOrders', request)));
      const outcomes = message!.results.map(({ outcome }) => outcome);
      expect(outcomes).toEqual(alone.map((answer) => outcomeOf(answer, 'page')));
    });
    await fc.assert(property, { numRuns: 15 });
  });

  it('refuse an empty call and one with too many requests', async () => {
    const get: ordersV1.GetOrderRequest = { id: ids[0]!, customerId: '', context: undefined };
    const list = { customerId: 'alice', limit: 1, cursor: '', context: undefined };
    for (const requests of [[], Array.from({ length: 501 }, () => get)])
      expect((await orders.call('getOrders', { requests })).error?.code).toBe(status.INVALID_ARGUMENT);
    for (const requests of [[], Array.from({ length: 65 }, () => list)])
      expect((await orders.call('listPages', { requests })).error?.code).toBe(status.INVALID_ARGUMENT);
  });
});
