import { randomUUID } from 'node:crypto';
import {
  CancelOrderRequest,
  CreateOrderRequest,
  CreateOrdersRequest,
  GetOrderRequest,
  GetOrdersRequest,
  type Item,
  ListOrdersRequest,
  ListPagesRequest,
} from '@orders/rpc/orders-v1';
import fc from 'fast-check';
import { mutated, mutationsOfBytes } from './byte-mutations.ts';

export interface Call {
  readonly method: string;
  readonly message: Buffer;
  /** Whether the bytes are a message of the method. */
  readonly isMessage: boolean;
  readonly headers: Readonly<Record<string, string>>;
}

/** Texts that a message can have and no field of ours should: ts-proto would not encode half a surrogate as it is. */
const anyText = fc.oneof(
  fc.constantFrom(
    '',
    ' ',
    'a\0b',
    'a\nb',
    '\u0085',
    '\u001b[31m',
    "'; --",
    '${jndi:x}',
    '../../etc',
    '\u202e',
    'x'.repeat(300),
  ),
  fc.string({ unit: 'grapheme', maxLength: 40 }),
  fc.constant('fuzz'),
);
const anyInt32 = fc.oneof(fc.constantFrom(0, 1, -1, 1_000, 1_001, 2 ** 31 - 1, -(2 ** 31)), fc.integer());
const anyInt64 = fc.oneof(
  fc.constantFrom(0, 1, -1, Number.MAX_SAFE_INTEGER, Number.MIN_SAFE_INTEGER),
  fc.maxSafeInteger(),
);

const goodItem = fc.record({
  sku: fc.string({ minLength: 1, maxLength: 20 }),
  quantity: fc.integer({ min: 1, max: 1_000 }),
  priceCents: fc.nat(1_000_000),
});
const anyItem = fc.record({ sku: anyText, quantity: anyInt32, priceCents: anyInt64 });

const contexts = fc.option(
  fc.record({
    traceparent: anyText,
    requestId: anyText,
    timeoutMs: fc.constantFrom(0, 60_000),
    correlationId: anyText,
  }),
  { nil: undefined },
);

function creates(item: fc.Arbitrary<Item>, text: fc.Arbitrary<string>): fc.Arbitrary<CreateOrderRequest> {
  return fc.record({
    customerId: text,
    items: fc.array(item, { minLength: 1, maxLength: 3 }),
    // The same key for different orders is a problem of its own.
    idempotencyKey: fc.oneof(
      { weight: 3, arbitrary: fc.nat().map(() => `rpc-${randomUUID()}`) },
      { weight: 1, arbitrary: text },
    ),
    context: contexts,
  });
}

const ids = fc.oneof(fc.uuid(), anyText);
const get = fc.record({ id: ids, customerId: anyText, context: contexts });
const list = fc.record({ customerId: anyText, limit: anyInt32, cursor: anyText, context: contexts });
const create = fc.oneof(creates(goodItem, fc.constant('rpc')), creates(anyItem, anyText));

const messages = fc.oneof(
  create.map((request) => ({ method: 'CreateOrder', bytes: CreateOrderRequest.encode(request).finish() })),
  fc
    .array(create, { maxLength: 5 })
    .map((orders) => ({ method: 'CreateOrders', bytes: CreateOrdersRequest.encode({ orders }).finish() })),
  get.map((request) => ({ method: 'GetOrder', bytes: GetOrderRequest.encode(request).finish() })),
  fc
    .array(get, { maxLength: 5 })
    .map((requests) => ({ method: 'GetOrders', bytes: GetOrdersRequest.encode({ requests }).finish() })),
  list.map((request) => ({ method: 'ListOrders', bytes: ListOrdersRequest.encode(request).finish() })),
  fc
    .array(list, { maxLength: 5 })
    .map((requests) => ({ method: 'ListPages', bytes: ListPagesRequest.encode({ requests }).finish() })),
  fc
    .record({
      id: ids,
      customerId: anyText,
      expectedVersion: anyInt64,
      otherExpectedVersions: fc.array(anyInt64, { maxLength: 3 }),
    })
    .map((request) => ({ method: 'CancelOrder', bytes: CancelOrderRequest.encode(request).finish() })),
);

const headers = fc.record(
  {
    traceparent: fc.constantFrom(
      '',
      'x',
      '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
      '00-0-0-0',
      'ff'.repeat(500),
    ),
    'x-request-id': fc.constantFrom('a', ' ', 'a b', '../..', 'x'.repeat(1_000)),
    'x-correlation-id': fc.constantFrom('a', ' ', '<script>', 'x'.repeat(1_000)),
  },
  { requiredKeys: [] },
);

/** Calls of the methods of orders.v1, and of some that it does not have. */
export const calls: fc.Arbitrary<Call> = fc.oneof(
  { weight: 6, arbitrary: callsOf(messages.map((message) => ({ ...message, isMessage: true }))) },
  {
    weight: 3,
    arbitrary: callsOf(
      fc.tuple(messages, mutationsOfBytes).map(([{ method, bytes }, changes]) => ({
        method,
        bytes: mutated(Buffer.from(bytes), changes),
        isMessage: false,
      })),
    ),
  },
  {
    weight: 1,
    arbitrary: callsOf(
      fc.record({
        method: fc.constantFrom('CreateOrder', 'CreateOrders', 'GetOrder', 'DeleteOrder', 'createOrder', 'x'),
        bytes: fc.uint8Array({ maxLength: 200 }),
        isMessage: fc.constant(false),
      }),
    ),
  },
);

function callsOf(
  parts: fc.Arbitrary<{ method: string; bytes: Uint8Array; isMessage: boolean }>,
): fc.Arbitrary<Call> {
  return fc.tuple(parts, headers).map(([{ method, bytes, isMessage }, with_]) => ({
    method,
    message: Buffer.from(bytes),
    isMessage,
    headers: with_,
  }));
}
