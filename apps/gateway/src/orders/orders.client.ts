import { CHANNEL_OPTIONS, channelCredentials, RpcClient } from '@orders/grpc';
import { currentCaller, onBehalfOf } from '@orders/instrumentation';
import { type Batcher, Deadline } from '@orders/resilience';
import { ordersV1 } from '@orders/rpc';
import { measuredBatcher, type TlsIdentity } from '@orders/service';
import type { Logger } from 'pino';
import type { Config } from '../config.js';
import {
  CREATE_ORDERS,
  CREATE_ORDERS_CALL,
  type CreatedOrder,
  type NewOrder,
  type PendingOrder,
  toRequest,
  toResults,
} from './create-orders.js';

/** Largest answer of CreateOrders. */
const MAX_ANSWER_BYTES = 8 * 1_024 * 1_024;

/** Calls orders.v1; failures are `DomainError`s. All calls are idempotent, so that each may be retried. */
export class OrdersClient {
  private readonly client: ordersV1.OrdersClient;
  private readonly rpc: RpcClient;
  /** A call is expensive, an order in it is not: all orders that wait share the next call. */
  private readonly creating: Batcher<PendingOrder, CreatedOrder>;

  /** @param tls undefined for plaintext */
  constructor(
    { ordersAddress, gatherOrdersMs }: Pick<Config, 'ordersAddress' | 'gatherOrdersMs'>,
    { logger, tls }: { logger: Logger; tls: TlsIdentity | undefined },
  ) {
    const upstream = 'orders';
    this.creating = measuredBatcher('gateway.create-orders', {
      ...CREATE_ORDERS,
      gatherMs: gatherOrdersMs,
      send: (orders, signal) => this.createOrders(orders, signal),
    });
    this.client = new ordersV1.OrdersClient(ordersAddress, channelCredentials({ upstream, logger, tls }), {
      ...CHANNEL_OPTIONS,
      'grpc.max_receive_message_length': MAX_ANSWER_BYTES,
    });
    this.rpc = new RpcClient(this.client, { upstream, address: ordersAddress, logger });
  }

  createOrder(request: NewOrder, deadline: Deadline): Promise<CreatedOrder> {
    const order = { request, deadline, caller: currentCaller() };
    return this.rpc.guarded(deadline, () => this.creating.add(order));
  }

  getOrder(request: ordersV1.GetOrderRequest, deadline: Deadline): Promise<ordersV1.Order> {
    return this.rpc.call(deadline, (metadata, options, answer) =>
      this.client.getOrder(request, metadata, options, answer),
    );
  }

  listOrders(request: ordersV1.ListOrdersRequest, deadline: Deadline): Promise<ordersV1.ListOrdersResponse> {
    return this.rpc.call(deadline, (metadata, options, answer) =>
      this.client.listOrders(request, metadata, options, answer),
    );
  }

  cancelOrder(request: ordersV1.CancelOrderRequest, deadline: Deadline): Promise<ordersV1.Order> {
    return this.rpc.call(deadline, (metadata, options, answer) =>
      this.client.cancelOrder(request, metadata, options, answer),
    );
  }

  close(): void {
    this.rpc.close();
  }

  private async createOrders(
    orders: readonly PendingOrder[],
    signal: AbortSignal,
  ): Promise<PromiseSettledResult<CreatedOrder>[]> {
    const callers = orders.map(({ caller }) => caller);
    const deadline = Deadline.latest(
      orders.map(({ deadline }) => deadline),
      signal,
    );
    const { path, serialize, deserialize } = CREATE_ORDERS_CALL;
    const response = await onBehalfOf(callers, 'create orders', () =>
      this.rpc.attempt<Buffer>(deadline, (metadata, options, answer) =>
        // Built only when there is a connection, so that each order's timeout is what is left then.
        this.client.makeUnaryRequest(
          path,
          serialize,
          deserialize,
          toRequest(orders),
          metadata,
          options,
          answer,
        ),
      ),
    );
    return toResults(response);
  }
}
