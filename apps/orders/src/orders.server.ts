import { serveGrpc } from '@orders/grpc';
import { CALLERS, ordersV1 } from '@orders/rpc';
import type { Service, TlsIdentity } from '@orders/service';
import { OrdersController } from './orders/orders.controller.js';
import { OrdersRepository } from './orders/orders.repository.js';
import { OrdersService } from './orders/orders.service.js';

export interface OrdersServerOptions {
  service: Service;
  repository: OrdersRepository;
  /** `host:port` to listen on. */
  address: string;
  /** Without it orders.v1 is plaintext, and anybody may call it. */
  tls?: TlsIdentity | undefined;
}

/** Serves orders.v1 until the service stops, to the apps that declare to call it. */
export function serveOrders({ service, repository, address, tls }: OrdersServerOptions): Promise<void> {
  return serveGrpc({
    ...{ service, address, tls },
    callers: CALLERS,
    definitions: { 'orders.v1.Orders': ordersV1.OrdersService },
    // Fits 500 orders of 100 items.
    maxMessageBytes: 8 * 1_024 * 1_024,
    controllers: [OrdersController],
    providers: [OrdersService, { provide: OrdersRepository, useValue: repository }],
  });
}
