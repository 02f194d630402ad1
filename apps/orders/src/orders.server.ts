import { serveGrpc } from '@orders/grpc';
import { acceptLargeIntegers, CALLERS, orderHistoryV1, ordersV1 } from '@orders/rpc';
import type { Service, TlsIdentity } from '@orders/service';
import { OrderHistoryController } from './history/order-history.controller.js';
import { OrderHistoryRepository } from './history/order-history.repository.js';
import { OrdersController } from './orders/orders.controller.js';
import { OrdersRepository } from './orders/orders.repository.js';
import { OrdersService } from './orders/orders.service.js';

export interface OrdersServerOptions {
  service: Service;
  repository: OrdersRepository;
  /** Without it orders.v1.OrderHistory is not served. */
  history?: OrderHistoryRepository | undefined;
  /** `host:port` to listen on. */
  address: string;
  /** Without it orders.v1 is plaintext, and anybody may call it. */
  tls?: TlsIdentity | undefined;
}

/** Serves orders.v1 until the service stops, to the apps that declare to call it. */
export function serveOrders({
  service,
  repository,
  history,
  address,
  tls,
}: OrdersServerOptions): Promise<void> {
  return serveGrpc({
    ...{ service, address, tls },
    callers: CALLERS,
    definitions: {
      // The rules of an order refuse those that are not exact, and name the field.
      'orders.v1.Orders': acceptLargeIntegers(ordersV1.OrdersService),
      ...(history && { 'orders.v1.OrderHistory': orderHistoryV1.OrderHistoryService }),
    },
    // Fits 500 orders of 100 items.
    maxMessageBytes: 8 * 1_024 * 1_024,
    controllers: [OrdersController, ...(history ? [OrderHistoryController] : [])],
    providers: [
      OrdersService,
      { provide: OrdersRepository, useValue: repository },
      ...(history ? [{ provide: OrderHistoryRepository, useValue: history }] : []),
    ],
  });
}
