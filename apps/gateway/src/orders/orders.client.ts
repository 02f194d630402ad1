import { BatchedCall, CHANNEL_OPTIONS, channelCredentials, RpcClient } from '@orders/grpc';
import type { Deadline } from '@orders/resilience';
import { ordersV1 } from '@orders/rpc';
import type { TlsIdentity } from '@orders/service';
import type { Logger } from 'pino';
import type { Config } from '../config.js';
import {
  CREATE_ORDERS,
  type CreatedOrder,
  GET_ORDERS,
  LIST_PAGES,
  MAX_MESSAGE_BYTES,
  type NewOrder,
  type OrderRef,
  type PageQuery,
} from './orders.calls.js';

/** Calls orders.v1; failures are `DomainError`s. All calls are idempotent, so that each may be retried. */
export class OrdersClient {
  private readonly client: ordersV1.OrdersClient;
  private readonly rpc: RpcClient;
  private readonly creating: BatchedCall<NewOrder, CreatedOrder>;
  private readonly getting: BatchedCall<OrderRef, ordersV1.Order>;
  private readonly listing: BatchedCall<PageQuery, ordersV1.ListOrdersResponse>;

  /** @param tls undefined for plaintext */
  constructor(
    { ordersAddress, gatherOrdersMs: gatherMs }: Pick<Config, 'ordersAddress' | 'gatherOrdersMs'>,
    { logger, tls }: { logger: Logger; tls: TlsIdentity | undefined },
  ) {
    const upstream = 'orders';
    const client = new ordersV1.OrdersClient(ordersAddress, channelCredentials({ upstream, logger, tls }), {
      ...CHANNEL_OPTIONS,
      'grpc.max_receive_message_length': MAX_MESSAGE_BYTES,
    });
    const rpc = new RpcClient(client, { upstream, address: ordersAddress, logger });
    this.creating = new BatchedCall(rpc, { ...CREATE_ORDERS, gatherMs });
    this.getting = new BatchedCall(rpc, {
      ...GET_ORDERS,
      gatherMs,
      single: (request, deadline) =>
        rpc.attempt(deadline, (metadata, options, answer) =>
          client.getOrder({ ...request, context: undefined }, metadata, options, answer),
        ),
    });
    this.listing = new BatchedCall(rpc, {
      ...LIST_PAGES,
      gatherMs,
      single: (request, deadline) =>
        rpc.attempt(deadline, (metadata, options, answer) =>
          client.listOrders({ ...request, context: undefined }, metadata, options, answer),
        ),
    });
    this.client = client;
    this.rpc = rpc;
  }

  createOrder(order: NewOrder, deadline: Deadline): Promise<CreatedOrder> {
    return this.creating.call(order, deadline);
  }

  getOrder(which: OrderRef, deadline: Deadline): Promise<ordersV1.Order> {
    return this.getting.call(which, deadline);
  }

  listOrders(query: PageQuery, deadline: Deadline): Promise<ordersV1.ListOrdersResponse> {
    return this.listing.call(query, deadline);
  }

  cancelOrder(request: ordersV1.CancelOrderRequest, deadline: Deadline): Promise<ordersV1.Order> {
    return this.rpc.call(deadline, (metadata, options, answer) =>
      this.client.cancelOrder(request, metadata, options, answer),
    );
  }

  close(): void {
    this.rpc.close();
  }
}
