import { Metadata, status } from '@grpc/grpc-js';
import { DomainError, ORDER_LIMITS } from '@orders/contracts';
import { fromProblemMessage, fromServiceError } from '@orders/grpc';
import type { Caller } from '@orders/instrumentation';
import type { BatcherOptions, Deadline } from '@orders/resilience';
import { ordersV1 } from '@orders/rpc';

/** A new order without its context, which comes from the caller's request. */
export type NewOrder = Omit<ordersV1.CreateOrderRequest, 'context'>;

/** An order that waits for its answer, with its deadline and its caller. */
export interface PendingOrder {
  readonly request: NewOrder;
  readonly deadline: Deadline;
  readonly caller: Caller;
}

export interface CreatedOrder {
  readonly order: ordersV1.Order;
  readonly replayed: boolean;
}

/** How the batcher combines orders into CreateOrders calls. */
export const CREATE_ORDERS = {
  maxItems: ORDER_LIMITS.maxBatch,
  // orders accepts 8 MiB, and so does this client for the answer.
  maxBytes: 7 * 1_024 * 1_024,
  sizeOf: ({ request }) => maxBytesOf(request),
  // Above the default of MAX_CONCURRENT_REQUESTS, so that that limit is reached first.
  maxQueued: 1_024,
  maxInFlight: 16,
  // Worth the wait: a call costs as much as about thirty orders in it.
  lingerMs: 5,
  isOutage: (error) => error instanceof DomainError && OUTAGES.has(error.kind),
  refuse: (why) => fromServiceError(Object.assign(new Error(why), REFUSALS[why])),
} satisfies Partial<BatcherOptions<PendingOrder, CreatedOrder>>;

/** The errors that a call with that status would end with: retries and the breaker use the status. */
const REFUSALS = {
  full: { code: status.RESOURCE_EXHAUSTED, details: 'full', metadata: new Metadata() },
  late: { code: status.DEADLINE_EXCEEDED, details: 'late', metadata: new Metadata() },
  gone: { code: status.CANCELLED, details: 'gone', metadata: new Metadata() },
};

/** A UTF-16 code unit has at most 3 bytes in UTF-8; all fields but the items have bounded lengths. */
function maxBytesOf({ items }: NewOrder): number {
  return items.reduce((sum, { sku }) => sum + 3 * sku.length + 24, 1_500);
}

/** After such an error each order of the call would fail alone too. */
const OUTAGES: ReadonlySet<string> = new Set(['unavailable', 'overloaded', 'deadline']);

/**
 * CreateOrders with bytes instead of messages. Node keeps the stream of a call, with its request and response, until the
 * next major collection; as bytes they cost the young collections nothing until then (docs/adr/0017).
 */
export const CREATE_ORDERS_CALL = {
  path: ordersV1.OrdersService.createOrders.path,
  serialize: (request: Buffer) => request,
  deserialize: (response: Buffer) => response,
};

/** The serialized request. A single order has no context: the call's own metadata and deadline apply to it. */
export function toRequest(pending: readonly PendingOrder[]): Buffer {
  const isAlone = pending.length === 1;
  return ordersV1.OrdersService.createOrders.requestSerialize({
    orders: pending.map(({ request, deadline, caller: { request: context, traceparent } }) => ({
      ...request,
      context: isAlone
        ? undefined
        : {
            traceparent,
            requestId: context?.requestId ?? '',
            correlationId: context?.correlationId ?? '',
            // 0 would mean the call's own deadline.
            timeoutMs: Math.max(1, Math.floor(deadline.remainingMs)),
          },
    })),
  });
}

/** @throws when the bytes are no CreateOrdersResponse */
export function toResults(response: Buffer): PromiseSettledResult<CreatedOrder>[] {
  return ordersV1.OrdersService.createOrders.responseDeserialize(response).results.map(toResult);
}

function toResult({ outcome, replayed }: ordersV1.CreateOrderResult): PromiseSettledResult<CreatedOrder> {
  switch (outcome?.$case) {
    case 'order':
      return { status: 'fulfilled', value: { order: outcome.value, replayed } };
    case 'problem':
      return { status: 'rejected', reason: fromProblemMessage(outcome.value) };
    case undefined:
      return { status: 'rejected', reason: new Error('orders returned no outcome for an order') };
  }
}
