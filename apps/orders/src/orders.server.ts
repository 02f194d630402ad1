import { serveGrpc } from '@orders/grpc';
import { acceptLargeIntegers, ordersV1 } from '@orders/rpc';
import type { Service } from '@orders/service';
import { OrdersController } from './orders/orders.controller.js';
import { OrdersRepository } from './orders/orders.repository.js';
import { OrdersService } from './orders/orders.service.js';

/** Serves orders.v1 at this address (host:port) until the service stops. */
export function serveOrders(service: Service, repository: OrdersRepository, address: string): Promise<void> {
  return serveGrpc({
    service,
    address,
    // The rules of an order refuse those that are not exact, and name the field.
    definitions: { 'orders.v1.Orders': acceptLargeIntegers(ordersV1.OrdersService) },
    // Fits 500 orders of 100 items.
    maxMessageBytes: 8 * 1_024 * 1_024,
    controllers: [OrdersController],
    providers: [OrdersService, { provide: OrdersRepository, useValue: repository }],
  });
}
