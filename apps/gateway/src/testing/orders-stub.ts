import { randomUUID } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';

import { Metadata, Server, ServerCredentials, type ServerUnaryCall } from '@grpc/grpc-js';
import { DomainError, ordersV1, type ProblemCode, REPLAYED_METADATA } from '@orders/contracts';
import { toServiceError } from '@orders/service';

type AnyCall = ServerUnaryCall<object, unknown>;

/** orders.v1 on a real gRPC server on loopback, keeping orders in a map. */
export class OrdersStub implements AsyncDisposable {
  readonly orders = new Map<string, ordersV1.Order>();
  readonly calls: AnyCall[] = [];
  /** When set, calls get no answer until it resolves. */
  hold: Promise<unknown> | undefined;
  /** What the next calls fail with, one each; what they were to do is done all the same when `lost` says so. */
  readonly failures: ({ code: ProblemCode; lost?: boolean } | undefined)[] = [];
  /** Tells of the next call that the client gave up. */
  cancelled = Promise.withResolvers<void>();
  private readonly keys = new Map<string, ordersV1.Order>();
  private server = new Server();
  port = 0;

  async start(port = 0): Promise<this> {
    this.server = new Server();
    const unary =
      <Q extends object, R>(handle: (call: ServerUnaryCall<Q, R>) => R) =>
      (call: ServerUnaryCall<Q, R>, done: (error: Error | null, value?: R) => void) =>
        void this.answer(call, handle).then(
          (value) => done(null, value),
          (error: unknown) => done(toServiceError(error)),
        );
    this.server.addService(ordersV1.OrdersService, {
      createOrder: unary((call: ServerUnaryCall<ordersV1.CreateOrderRequest, ordersV1.Order>) =>
        this.create(call),
      ),
      createOrders: unary(() => ({ results: [] })),
      getOrder: unary(({ request }: ServerUnaryCall<ordersV1.GetOrderRequest, ordersV1.Order>) =>
        this.find(request),
      ),
      listOrders: unary(
        ({ request }: ServerUnaryCall<ordersV1.ListOrdersRequest, ordersV1.ListOrdersResponse>) => ({
          orders: [...this.orders.values()].filter(
            (o) => request.customerId === '' || o.customerId === request.customerId,
          ),
          nextCursor: request.limit === 1 ? 'bmV4dA' : '',
        }),
      ),
      cancelOrder: unary(({ request }: ServerUnaryCall<ordersV1.CancelOrderRequest, ordersV1.Order>) =>
        this.cancel(request),
      ),
    });
    this.port = await new Promise<number>((resolve, reject) => {
      this.server.bindAsync(`127.0.0.1:${port}`, ServerCredentials.createInsecure(), (error, bound) =>
        error ? reject(error) : resolve(bound),
      );
    });
    return this;
  }

  stop(): void {
    this.server.forceShutdown();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.stop();
  }

  private async answer<Q extends object, R>(
    call: ServerUnaryCall<Q, R>,
    handle: (call: ServerUnaryCall<Q, R>) => R,
  ): Promise<R> {
    this.calls.push(call);
    call.once('cancelled', () => this.cancelled.resolve());
    await this.hold;
    const failure = this.failures.shift();
    if (!failure || failure.lost) {
      const answer = handle(call);
      if (!failure) return answer;
    }
    throw new DomainError(failure.code, 'as the test wants it');
  }

  private create(call: ServerUnaryCall<ordersV1.CreateOrderRequest, ordersV1.Order>): ordersV1.Order {
    const { customerId, items, idempotencyKey } = call.request;
    const key = `${customerId} ${idempotencyKey}`;
    const known = this.keys.get(key);
    if (known && !isDeepStrictEqual(known.items, items)) {
      throw new DomainError('idempotency-key-reused', 'The key belongs to another order');
    }
    if (known) {
      const initial = new Metadata();
      initial.set(REPLAYED_METADATA, 'true');
      call.sendMetadata(initial);
      return known;
    }
    const totalCents = items.reduce((sum, item) => sum + item.quantity * item.priceCents, 0);
    const createdAt = '2026-11-22T10:00:00.000Z';
    const order = {
      id: randomUUID(),
      customerId,
      items,
      totalCents,
      status: 'CREATED',
      createdAt,
      version: 1,
    };
    this.orders.set(order.id, order);
    this.keys.set(key, order);
    return order;
  }

  private find({ id, customerId }: { id: string; customerId: string }): ordersV1.Order {
    const order = this.orders.get(id);
    if (order && (customerId === '' || customerId === order.customerId)) return order;
    throw new DomainError('order-not-found', 'No order of yours has this id');
  }

  private cancel(request: ordersV1.CancelOrderRequest): ordersV1.Order {
    const order = this.find(request);
    if (request.expectedVersion !== 0 && request.expectedVersion !== order.version) {
      throw new DomainError('version-mismatch', 'The order has changed');
    }
    return Object.assign(order, { status: 'CANCELED', version: order.version + 1 });
  }
}
