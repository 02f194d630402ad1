import {
  connectivityState,
  credentials,
  Metadata,
  type CallOptions,
  type ClientUnaryCall,
  type ServiceError,
} from '@grpc/grpc-js';
import { ordersV1, REPLAYED_METADATA } from '@orders/contracts';
import { currentContext, currentTraceparent } from '@orders/instrumentation';
import { fromServiceError } from '@orders/service';

/** What one request allows its calls. */
export interface CallLimits {
  /** What is left of the request's deadline, in ms. */
  timeoutMs: number;
  /** Aborts when the client went away. */
  signal: AbortSignal;
}

const CHANNEL = {
  // Without pings a connection whose peer vanished is never given up.
  'grpc.keepalive_time_ms': 10_000,
  'grpc.keepalive_timeout_ms': 5_000,
  'grpc.keepalive_permit_without_calls': 1,
  'grpc.max_receive_message_length': 4 * 1_024 * 1_024,
  'grpc.initial_reconnect_backoff_ms': 100,
  'grpc.min_reconnect_backoff_ms': 100,
  'grpc.max_reconnect_backoff_ms': 500,
  'grpc.service_config': JSON.stringify({ loadBalancingConfig: [{ round_robin: {} }] }),
  // A new client must not get the stuck connection of the old one.
  'grpc.use_local_subchannel_pool': 1,
};

/** A request outlives the restart of orders: it waits so long for a connection, in ms, half its time at most. */
const CONNECT_GRACE_MS = 1_000;
/** grpc-js waits for ever on a peer that accepts a connection and says nothing (grpc-node issue 2785). */
const STUCK_AFTER_MS = 5_000;
const WATCH_MS = 1_000;

type Answer<R> = (error: ServiceError | null, response: R) => void;
type Start<R> = (metadata: Metadata, options: CallOptions, answer: Answer<R>) => ClientUnaryCall;

/** orders.v1 as promises; failures are `DomainError`s. */
export class OrdersClient {
  private client: ordersV1.OrdersClient;
  private unreadySince: number | undefined;
  private readonly watch: NodeJS.Timeout;

  constructor(private readonly address: string) {
    this.client = this.connect();
    this.watch = setInterval(() => this.replaceWhenStuck(), WATCH_MS).unref();
  }

  async createOrder(
    request: ordersV1.CreateOrderRequest,
    limits: CallLimits,
  ): Promise<{ order: ordersV1.Order; replayed: boolean }> {
    let replayed = false;
    const order = await this.call<ordersV1.Order>(limits, (metadata, options, answer) =>
      this.client
        .createOrder(request, metadata, options, answer)
        .on('metadata', (initial) => (replayed = initial.get(REPLAYED_METADATA)[0] === 'true')),
    );
    return { order, replayed };
  }

  getOrder(request: ordersV1.GetOrderRequest, limits: CallLimits): Promise<ordersV1.Order> {
    return this.call(limits, (metadata, options, answer) =>
      this.client.getOrder(request, metadata, options, answer),
    );
  }

  listOrders(request: ordersV1.ListOrdersRequest, limits: CallLimits): Promise<ordersV1.ListOrdersResponse> {
    return this.call(limits, (metadata, options, answer) =>
      this.client.listOrders(request, metadata, options, answer),
    );
  }

  cancelOrder(request: ordersV1.CancelOrderRequest, limits: CallLimits): Promise<ordersV1.Order> {
    return this.call(limits, (metadata, options, answer) =>
      this.client.cancelOrder(request, metadata, options, answer),
    );
  }

  close(): void {
    clearInterval(this.watch);
    this.client.close();
  }

  private async call<R>({ timeoutMs, signal }: CallLimits, start: Start<R>): Promise<R> {
    const deadline = Date.now() + Math.max(0, timeoutMs);
    await this.connected(Date.now() + Math.min(CONNECT_GRACE_MS, timeoutMs / 2));
    return new Promise((resolve, reject) => {
      const call = start(outgoing(), { deadline }, (error, response) => {
        signal.removeEventListener('abort', cancel);
        if (error) reject(fromServiceError(error));
        else resolve(response);
      });
      const cancel = () => call.cancel();
      if (signal.aborted) cancel();
      else signal.addEventListener('abort', cancel, { once: true });
    });
  }

  /** Resolves when there is a connection, and at the deadline without one: the call then fails by itself. */
  private connected(deadline: number): Promise<void> | undefined {
    if (this.client.getChannel().getConnectivityState(false) === connectivityState.READY) return undefined;
    return new Promise((resolve) => this.client.waitForReady(deadline, () => resolve()));
  }

  private connect(): ordersV1.OrdersClient {
    const client = new ordersV1.OrdersClient(this.address, credentials.createInsecure(), CHANNEL);
    // Connects now, so that the first request need not wait for it.
    client.getChannel().getConnectivityState(true);
    return client;
  }

  // Not only in CONNECTING: after a failure the channel says TRANSIENT_FAILURE all the while it connects anew.
  private replaceWhenStuck(): void {
    const ready = this.client.getChannel().getConnectivityState(true) === connectivityState.READY;
    this.unreadySince = ready ? undefined : (this.unreadySince ?? performance.now());
    if (this.unreadySince === undefined || performance.now() - this.unreadySince < STUCK_AFTER_MS) return;
    this.client.close();
    this.client = this.connect();
    this.unreadySince = undefined;
  }
}

function outgoing(): Metadata {
  const metadata = new Metadata();
  const request = currentContext();
  if (request) {
    metadata.set('x-request-id', request.requestId);
    metadata.set('x-correlation-id', request.correlationId);
  }
  metadata.set('traceparent', currentTraceparent());
  return metadata;
}
