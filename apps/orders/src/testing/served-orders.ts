import { type ClientUnaryCall, credentials, Metadata, type ServiceError } from '@grpc/grpc-js';
import { createLogger } from '@orders/instrumentation';
import { MemoryBus } from '@orders/messaging';
import { ordersV1 } from '@orders/rpc';
import { Service } from '@orders/service';
import { freePort } from '@orders/service/testing';
import { serveOrders } from '../orders.server.js';
import { MemoryOrdersRepository } from '../orders/memory-orders.repository.js';
import { ITEMS } from './fixtures.js';

/** Request and response of each call. */
interface Rpcs {
  createOrder: [ordersV1.CreateOrderRequest, ordersV1.Order];
  createOrders: [ordersV1.CreateOrdersRequest, ordersV1.CreateOrdersResponse];
  // Without the context, which counts in batches only.
  getOrder: [Omit<ordersV1.GetOrderRequest, 'context'>, ordersV1.Order];
  getOrders: [ordersV1.GetOrdersRequest, ordersV1.GetOrdersResponse];
  listOrders: [Omit<ordersV1.ListOrdersRequest, 'context'>, ordersV1.ListOrdersResponse];
  listPages: [ordersV1.ListPagesRequest, ordersV1.ListPagesResponse];
  cancelOrder: [ordersV1.CancelOrderRequest, ordersV1.Order];
}

interface Answer<Message> {
  message: Message | undefined;
  error: ServiceError | null;
  replayed: boolean;
}

/** Serves orders.v1 on a free loopback port, with orders in memory, and calls it as a client. */
export async function startServedOrders() {
  const bus = new MemoryBus();
  const exited = Promise.withResolvers<number>();
  const service = new Service({
    name: 'orders',
    config: { host: '127.0.0.1', managementPort: 0, shutdownWaitMs: 0, shutdownDrainMs: 1_000 },
    logger: createLogger({ name: 'orders', level: 'silent' }),
    process: { on: () => undefined, exit: exited.resolve },
  });
  const address = `127.0.0.1:${await freePort()}`;
  await serveOrders({ service, repository: new MemoryOrdersRepository(bus), address });
  const client = new ordersV1.OrdersClient(address, credentials.createInsecure());

  const call = callerOf(client);
  return {
    address,
    /** Holds the events of all orders. */
    bus,
    call,
    /** Creates one order of alice's; `overrides` replaces fields of the request. */
    create: (overrides: Partial<ordersV1.CreateOrderRequest> = {}, metadata?: Metadata) =>
      call(
        'createOrder',
        { customerId: 'alice', items: [...ITEMS], idempotencyKey: 'k-1', context: undefined, ...overrides },
        metadata,
      ),
    /** Resolves with the exit code. */
    async stop(): Promise<number> {
      client.close();
      await service.stop('test');
      return exited.promise;
    },
  };
}

/** Makes calls as promises. */
function callerOf(client: ordersV1.OrdersClient) {
  return <Name extends keyof Rpcs>(
    name: Name,
    request: Rpcs[Name][0],
    metadata = new Metadata(),
  ): Promise<Answer<Rpcs[Name][1]>> => {
    type Done = (error: ServiceError | null, message?: Rpcs[Name][1]) => void;
    const method = client[name].bind(client) as (...args: [Rpcs[Name][0], Metadata, Done]) => ClientUnaryCall;
    return new Promise((resolve) => {
      let replayed = false;
      method(request, metadata, (error, message) => resolve({ message, error, replayed })).on(
        'metadata',
        (initial) => (replayed = initial.get('idempotent-replayed')[0] === 'true'),
      );
    });
  };
}

export type ServedOrders = Awaited<ReturnType<typeof startServedOrders>>;
