import {
  connectivityState,
  credentials,
  Metadata,
  type CallOptions,
  type ClientUnaryCall,
  type ServiceError,
  status,
} from '@grpc/grpc-js';
import { ordersV1 } from '@orders/contracts';
import { currentCaller, onBehalfOf } from '@orders/instrumentation';
import { type Batcher, type Breaker, Deadline, RetryBudget, retryOnce } from '@orders/resilience';
import { fromServiceError, measuredBatcher, traceCalls } from '@orders/service';
import type { Logger } from 'pino';

import type { Config } from '../config.js';
import { BALANCING } from './balancing.js';
import { limitConnect } from './connect-limit.js';
import {
  CREATE_ORDERS,
  CREATE_ORDERS_CALL,
  type CreatedOrder,
  type NewOrder,
  type PendingOrder,
  toRequest,
  toResults,
} from './create-orders.js';
import { ordersBreaker } from './orders.breaker.js';

const CHANNEL = {
  // Without pings a connection whose peer vanished or froze is never given up; with these it is within 5 s.
  'grpc.keepalive_time_ms': 2_000,
  'grpc.keepalive_timeout_ms': 3_000,
  'grpc.keepalive_permit_without_calls': 1,
  // What CreateOrders may answer.
  'grpc.max_receive_message_length': 8 * 1_024 * 1_024,
  'grpc.initial_reconnect_backoff_ms': 100,
  'grpc.min_reconnect_backoff_ms': 100,
  'grpc.max_reconnect_backoff_ms': 500,
  // Never through a proxy that the environment names for the outside: it would take the balancing between replicas away.
  'grpc.enable_http_proxy': 0,
  'grpc.service_config': JSON.stringify({ loadBalancingConfig: BALANCING }),
  interceptors: [traceCalls],
};

/** A request outlives the restart of orders: it waits so long for a connection, in ms, half its time at most. */
const CONNECT_GRACE_MS = 1_000;

type Answer<R> = (error: ServiceError | null, response?: R) => void;
type Start<R> = (metadata: Metadata, options: CallOptions, answer: Answer<R>) => ClientUnaryCall;

/** orders.v1 as promises; failures are `DomainError`s. */
export class OrdersClient {
  private readonly client: ordersV1.OrdersClient;
  private readonly retries = new RetryBudget();
  private readonly breaker: Breaker;
  /** Calls are dear, orders in them are not: what waits at a moment goes together. */
  private readonly creating: Batcher<PendingOrder, CreatedOrder>;

  constructor(
    { ordersAddress, gatherOrdersMs }: Pick<Config, 'ordersAddress' | 'gatherOrdersMs'>,
    logger: Logger,
  ) {
    this.breaker = ordersBreaker(logger);
    this.creating = measuredBatcher('gateway.create-orders', {
      ...CREATE_ORDERS,
      gatherMs: gatherOrdersMs,
      send: (orders, signal) => this.createOrders(orders, signal),
    });
    const secured = limitConnect(credentials.createInsecure());
    this.client = new ordersV1.OrdersClient(ordersAddress, secured, CHANNEL);
    // Connects now, so that the first request need not wait for it.
    this.client.getChannel().getConnectivityState(true);
  }

  createOrder(request: NewOrder, deadline: Deadline): Promise<CreatedOrder> {
    const order = { request, deadline, caller: currentCaller() };
    return this.guarded(deadline, () => this.creating.add(order));
  }

  getOrder(request: ordersV1.GetOrderRequest, deadline: Deadline): Promise<ordersV1.Order> {
    return this.call(deadline, (metadata, options, answer) =>
      this.client.getOrder(request, metadata, options, answer),
    );
  }

  listOrders(request: ordersV1.ListOrdersRequest, deadline: Deadline): Promise<ordersV1.ListOrdersResponse> {
    return this.call(deadline, (metadata, options, answer) =>
      this.client.listOrders(request, metadata, options, answer),
    );
  }

  cancelOrder(request: ordersV1.CancelOrderRequest, deadline: Deadline): Promise<ordersV1.Order> {
    return this.call(deadline, (metadata, options, answer) =>
      this.client.cancelOrder(request, metadata, options, answer),
    );
  }

  close(): void {
    this.client.close();
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
      this.attempt<Buffer>(deadline, (metadata, options, answer) =>
        // Made when there is a connection: what is left for each order counts from then.
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

  private call<R>(deadline: Deadline, start: Start<R>): Promise<R> {
    return this.guarded(deadline, () => this.attempt(deadline, start));
  }

  /** Every call may be repeated: creating has its key, and cancelling what is cancelled changes nothing. */
  private guarded<R>(deadline: Deadline, call: () => Promise<R>): Promise<R> {
    return retryOnce(() => this.breaker.run(call), { deadline, budget: this.retries, retryable });
  }

  private async attempt<R>({ remainingMs, signal }: Deadline, start: Start<R>): Promise<R> {
    const deadline = Date.now() + remainingMs;
    await this.connected(Date.now() + Math.min(CONNECT_GRACE_MS, remainingMs / 2));
    const { promise, resolve, reject } = Promise.withResolvers<R>();
    const call = start(outgoing(), { deadline }, (error, response) => {
      signal.removeEventListener('abort', cancel);
      if (error) reject(fromServiceError(error));
      else resolve(response as R);
    });
    const cancel = () => call.cancel();
    if (signal.aborted) cancel();
    else signal.addEventListener('abort', cancel, { once: true });
    return promise;
  }

  /** Resolves when there is a connection, and at the deadline without one: the call then fails by itself. */
  private connected(deadline: number): Promise<void> | undefined {
    if (this.client.getChannel().getConnectivityState(false) === connectivityState.READY) return undefined;
    return new Promise((resolve) => this.client.waitForReady(deadline, () => resolve()));
  }
}

/** Not when it was too slow or has too much to do: that would only be asked to do more. */
function retryable(error: unknown): boolean {
  return error instanceof Error && (error.cause as Partial<ServiceError>)?.code === status.UNAVAILABLE;
}

function outgoing(): Metadata {
  const { request, traceparent } = currentCaller();
  const metadata = new Metadata();
  if (request) {
    metadata.set('x-request-id', request.requestId);
    metadata.set('x-correlation-id', request.correlationId);
  }
  metadata.set('traceparent', traceparent);
  return metadata;
}
