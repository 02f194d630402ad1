import { Server, ServerCredentials, type ServerUnaryCall } from '@grpc/grpc-js';
import { DomainError, type FieldError, type ProblemCode } from '@orders/contracts';
import { SERVER_CHANNEL_OPTIONS, toProblemMessage, toServiceError } from '@orders/grpc';
import { ordersV1 } from '@orders/rpc';
import { randomUUID } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';

type AnyCall = ServerUnaryCall<object, unknown>;

/** Serves orders.v1 over real gRPC on loopback, with orders in a map. */
export class OrdersStub implements AsyncDisposable {
  readonly orders = new Map<string, ordersV1.Order>();
  readonly calls: AnyCall[] = [];
  /** When set, calls get no answer until it resolves. */
  hold: Promise<unknown> | undefined;
  /** The errors of the next orders and reads, one for each. With `lost` the order is stored all the same. */
  readonly failures: ({ code: ProblemCode; errors?: FieldError[]; lost?: boolean } | undefined)[] = [];
  /** Whether a failure fails the whole call or only its order. */
  failCalls = false;
  /** Serves only what orders had before reads came in batches; counts from the next start on. */
  isOld = false;
  /** Resolves when the client cancels a call. */
  cancelled = Promise.withResolvers<void>();
  private readonly keys = new Map<string, ordersV1.Order>();
  private server = new Server();
  port = 0;

  /** The orders that calls have requested, each with its request's ids. */
  get received(): (ordersV1.CreateOrderRequest & { requestId: unknown })[] {
    return this.calls.flatMap(({ request, metadata }) => {
      const { orders = [] } = request as Partial<ordersV1.CreateOrdersRequest>;
      const ofCall: unknown = metadata.get('x-request-id')[0];
      return orders.map((order) => ({ ...order, requestId: order.context?.requestId ?? ofCall }));
    });
  }

  /** Listens as orders does. */
  async start(port = 0, host = '127.0.0.1'): Promise<this> {
    this.server = new Server(SERVER_CHANNEL_OPTIONS);
    const unary =
      <Q extends object, R>(handle: (call: ServerUnaryCall<Q, R>) => R) =>
      (call: ServerUnaryCall<Q, R>, done: (error: Error | null, value?: R) => void) =>
        void this.answer(call, handle).then(
          (value) => done(null, value),
          (error: unknown) => done(toServiceError(error)),
        );
    this.server.addService(ordersV1.OrdersService, {
      createOrder: unary(() => {
        throw new DomainError('internal', 'the gateway asks for many at once');
      }),
      createOrders: unary(
        ({ request }: ServerUnaryCall<ordersV1.CreateOrdersRequest, ordersV1.CreateOrdersResponse>) =>
          this.createAll(request),
      ),
      getOrder: unary(({ request }: ServerUnaryCall<ordersV1.GetOrderRequest, ordersV1.Order>) =>
        this.find(request),
      ),
      listOrders: unary(
        ({ request }: ServerUnaryCall<ordersV1.ListOrdersRequest, ordersV1.ListOrdersResponse>) =>
          this.page(request),
      ),
      ...(!this.isOld && {
        getOrders: unary(
          ({ request }: ServerUnaryCall<ordersV1.GetOrdersRequest, ordersV1.GetOrdersResponse>) => ({
            results: honest(request.requests.map((one) => this.outcome('order', () => this.find(one)))),
          }),
        ),
        listPages: unary(
          ({ request }: ServerUnaryCall<ordersV1.ListPagesRequest, ordersV1.ListPagesResponse>) => ({
            results: honest(request.requests.map((one) => this.outcome('page', () => this.page(one)))),
          }),
        ),
      }),
      cancelOrder: unary(({ request }: ServerUnaryCall<ordersV1.CancelOrderRequest, ordersV1.Order>) =>
        this.cancel(request),
      ),
    });
    this.port = await new Promise<number>((resolve, reject) => {
      this.server.bindAsync(`${host}:${port}`, ServerCredentials.createInsecure(), (error, bound) =>
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
    return handle(call);
  }

  private createAll({ orders }: ordersV1.CreateOrdersRequest): ordersV1.CreateOrdersResponse {
    return { results: honest(orders.map((order) => this.result(order))) };
  }

  private outcome<Case extends string, Value>($case: Case, answer: () => Value) {
    const failure = this.failures.shift();
    try {
      if (failure) throw new DomainError(failure.code, 'as the test wants it', failure);
      return { outcome: { $case, value: answer() } };
    } catch (error) {
      return { outcome: { $case: 'problem' as const, value: toProblemMessage(error) } };
    }
  }

  private result(request: ordersV1.CreateOrderRequest): ordersV1.CreateOrderResult {
    const failure = this.failures.shift();
    try {
      if (failure?.lost) this.create(request);
      if (failure) throw new DomainError(failure.code, 'as the test wants it', failure);
      return this.create(request);
    } catch (error) {
      if (this.failCalls) throw error;
      return { outcome: { $case: 'problem', value: toProblemMessage(error) }, replayed: false };
    }
  }

  private create(request: ordersV1.CreateOrderRequest): ordersV1.CreateOrderResult {
    const { customerId, items, idempotencyKey } = request;
    const key = `${customerId} ${idempotencyKey}`;
    const known = this.keys.get(key);
    if (known && !isDeepStrictEqual(known.items, items)) {
      throw new DomainError('idempotency-key-reused', 'The key belongs to another order');
    }
    if (known) return { outcome: { $case: 'order', value: known }, replayed: true };
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
    return { outcome: { $case: 'order', value: order }, replayed: false };
  }

  private find({ id, customerId }: { id: string; customerId: string }): ordersV1.Order {
    const order = this.orders.get(id);
    if (order && (customerId === '' || customerId === order.customerId)) return order;
    throw new DomainError('order-not-found', 'No order of yours has this id');
  }

  private page({ customerId, limit }: ordersV1.ListOrdersRequest): ordersV1.ListOrdersResponse {
    return {
      orders: [...this.orders.values()].filter((o) => customerId === '' || o.customerId === customerId),
      nextCursor: limit === 1 ? 'bmV4dA' : '',
    };
  }

  private cancel(request: ordersV1.CancelOrderRequest): ordersV1.Order {
    const order = this.find(request);
    const { expectedVersion, otherExpectedVersions } = request;
    if (expectedVersion !== 0 && ![expectedVersion, ...otherExpectedVersions].includes(order.version)) {
      throw new DomainError('version-mismatch', 'The order has changed');
    }
    return Object.assign(order, { status: 'CANCELED', version: order.version + 1 });
  }
}

/** As in orders, a call fails only when all of its requests fail as unavailable. */
function honest<Result extends { outcome?: { $case: string; value: unknown } | undefined }>(
  results: Result[],
): Result[] {
  const isOutage = ({ outcome }: Result) =>
    outcome?.$case === 'problem' && (outcome.value as ordersV1.Problem).code === 'unavailable';
  if (results.every(isOutage)) throw new DomainError('unavailable', 'as the test wants it');
  return results;
}
