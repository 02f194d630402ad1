import { ORDER_LIMITS } from '@orders/contracts';
import { type BatchedCallOptions, fromProblemMessage } from '@orders/grpc';
import { ordersV1 } from '@orders/rpc';

/** What a request of orders.v1 is without its context, which comes from the caller's request. */
type WithoutContext<Message> = Omit<Message, 'context'>;

export type NewOrder = WithoutContext<ordersV1.CreateOrderRequest>;
export type OrderRef = WithoutContext<ordersV1.GetOrderRequest>;
export type PageQuery = WithoutContext<ordersV1.ListOrdersRequest>;

export interface CreatedOrder {
  readonly order: ordersV1.Order;
  readonly replayed: boolean;
}

type Call<Request, Result> = Omit<BatchedCallOptions<Request, Result>, 'gatherMs' | 'single'>;

/** Largest message that orders accepts, and that this client accepts from it. */
export const MAX_MESSAGE_BYTES = 8 * 1_024 * 1_024;

/** Leaves a part of the largest message to what {@link BatchedCallOptions.sizeOf} leaves out. */
const MAX_BYTES = (MAX_MESSAGE_BYTES * 7) / 8;

/** Worth the wait: a call costs as much as about thirty orders in it. */
const LINGER_MS = 5;

const { createOrders, getOrders, listPages } = ordersV1.OrdersService;

export const CREATE_ORDERS: Call<NewOrder, CreatedOrder> = {
  name: 'gateway.create-orders',
  span: 'create orders',
  path: createOrders.path,
  encode: (orders) => createOrders.requestSerialize({ orders }),
  decode: (response) =>
    createOrders
      .responseDeserialize(response)
      .results.map(({ outcome, replayed }) =>
        outcome?.$case === 'order' ? fulfilled({ order: outcome.value, replayed }) : rejected(outcome),
      ),
  maxItems: ORDER_LIMITS.maxBatch,
  maxBytes: MAX_BYTES,
  // A UTF-16 code unit has at most 3 bytes in UTF-8; all fields but the items have bounded lengths.
  sizeOf: ({ items }) => items.reduce((sum, { sku }) => sum + 3 * sku.length + 24, 1_500),
  lingerMs: LINGER_MS,
};

export const GET_ORDERS: Call<OrderRef, ordersV1.Order> = {
  name: 'gateway.get-orders',
  span: 'get orders',
  path: getOrders.path,
  encode: (requests) => getOrders.requestSerialize({ requests }),
  decode: (response) =>
    getOrders
      .responseDeserialize(response)
      .results.map(({ outcome }) =>
        outcome?.$case === 'order' ? fulfilled(outcome.value) : rejected(outcome),
      ),
  maxItems: ORDER_LIMITS.maxBatch,
  maxBytes: MAX_BYTES,
  sizeOf: () => ORDER_LIMITS.maxMessageBytes,
  lingerMs: LINGER_MS,
};

export const LIST_PAGES: Call<PageQuery, ordersV1.ListOrdersResponse> = {
  name: 'gateway.list-pages',
  span: 'list pages',
  path: listPages.path,
  encode: (requests) => listPages.requestSerialize({ requests }),
  decode: (response) =>
    listPages
      .responseDeserialize(response)
      .results.map(({ outcome }) =>
        outcome?.$case === 'page' ? fulfilled(outcome.value) : rejected(outcome),
      ),
  maxItems: ORDER_LIMITS.maxPagesInBatch,
  maxBytes: MAX_BYTES,
  sizeOf: ({ limit }) => limit * ORDER_LIMITS.maxMessageBytes,
  lingerMs: LINGER_MS,
};

function fulfilled<Result>(value: Result): PromiseFulfilledResult<Result> {
  return { status: 'fulfilled', value };
}

/** @param outcome a problem, or none, which no orders of any version returns */
function rejected(outcome: { $case: string; value: unknown } | undefined): PromiseRejectedResult {
  const isProblem = outcome?.$case === 'problem';
  const reason = isProblem
    ? fromProblemMessage(outcome.value as ordersV1.Problem)
    : new Error('orders returned no outcome for a request');
  return { status: 'rejected', reason };
}
