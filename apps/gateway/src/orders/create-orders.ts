import { Metadata, status } from '@grpc/grpc-js';
import { DomainError, ORDER_LIMITS } from '@orders/contracts';
import { fromProblemMessage, fromServiceError } from '@orders/grpc';
import type { Caller } from '@orders/instrumentation';
import type { BatcherOptions, Deadline } from '@orders/resilience';
import { ordersV1 } from '@orders/rpc';

/** What a caller asks for; its context is that of its request. */
export type NewOrder = Omit<ordersV1.CreateOrderRequest, 'context'>;

/** One order on its way, and who waits for it how long. */
export interface PendingOrder {
  readonly request: NewOrder;
  readonly deadline: Deadline;
  readonly caller: Caller;
}

export interface CreatedOrder {
  readonly order: ordersV1.Order;
  readonly replayed: boolean;
}

/** How orders gather into CreateOrders calls. */
export const CREATE_ORDERS = {
  maxItems: ORDER_LIMITS.maxBatch,
  // Orders takes 8 MiB, and so does the way back.
  maxBytes: 7 * 1_024 * 1_024,
  sizeOf: ({ request }) => maxBytesOf(request),
  // More than the requests that are worked on at a time by default: they are the bound in front of this one.
  maxQueued: 1_024,
  maxInFlight: 16,
  // A call costs as much as some thirty orders in it.
  lingerMs: 5,
  isOutage: (error) => error instanceof DomainError && OUTAGES.has(error.kind),
  refuse: (why) => fromServiceError(Object.assign(new Error(why), REFUSALS[why])),
} satisfies Partial<BatcherOptions<PendingOrder, CreatedOrder>>;

/** As if a call of its own had ended so: retries and the breaker go by the status. */
const REFUSALS = {
  full: { code: status.RESOURCE_EXHAUSTED, details: 'full', metadata: new Metadata() },
  late: { code: status.DEADLINE_EXCEEDED, details: 'late', metadata: new Metadata() },
  gone: { code: status.CANCELLED, details: 'gone', metadata: new Metadata() },
};

/** A unit of a string has at most 3 bytes in UTF-8; what is not an item is bounded. */
function maxBytesOf({ items }: NewOrder): number {
  return items.reduce((sum, { sku }) => sum + 3 * sku.length + 24, 1_500);
}

/** Every order of a call that failed like this would fail alone. */
const OUTAGES: ReadonlySet<string> = new Set(['unavailable', 'overloaded', 'deadline']);

/**
 * CreateOrders of bytes instead of messages. Node keeps the stream of a call, and with it what the call was made of and
 * answered, until the next major collection: bytes are no work for the young ones until then (docs/adr/0017).
 */
export const CREATE_ORDERS_CALL = {
  path: ordersV1.OrdersService.createOrders.path,
  serialize: (request: Buffer) => request,
  deserialize: (response: Buffer) => response,
};

/** The request; an order that goes alone is described by the call's own metadata and deadline. */
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
            // 0 would mean that of the call.
            timeoutMs: Math.max(1, Math.floor(deadline.remainingMs)),
          },
    })),
  });
}

/** @throws when it is no response to CreateOrders */
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
      return { status: 'rejected', reason: new Error('orders said nothing of an order') };
  }
}
