import { CHANNEL_OPTIONS, channelCredentials, RpcClient } from '@orders/grpc';
import type { Deadline } from '@orders/resilience';
import { ordersV1 } from '@orders/rpc';
import type { TlsIdentity } from '@orders/service';
import type { Logger } from 'pino';

/** Orders on a page. */
const PAGE = 50;

/** Reads orders of all customers. Failures are `DomainError`s. */
export class OrdersClient {
  private readonly client: ordersV1.OrdersClient;
  private readonly rpc: RpcClient;

  /** @param tls undefined for plaintext */
  constructor(address: string, { logger, tls }: { logger: Logger; tls: TlsIdentity | undefined }) {
    const upstream = 'orders';
    const credentials = channelCredentials({ upstream, logger, tls });
    this.client = new ordersV1.OrdersClient(address, credentials, CHANNEL_OPTIONS);
    this.rpc = new RpcClient(this.client, { upstream, address, logger });
  }

  /** @throws {DomainError} `order-not-found` */
  order(id: string, deadline: Deadline): Promise<ordersV1.Order> {
    // An empty customer stands for all.
    const request = { id, customerId: '', context: undefined };
    return this.rpc.call(deadline, (metadata, options, answer) =>
      this.client.getOrder(request, metadata, options, answer),
    );
  }

  /** The 50 newest orders of a customer. */
  async newestOf(customerId: string, deadline: Deadline): Promise<ordersV1.Order[]> {
    const request = { customerId, limit: PAGE, cursor: '', context: undefined };
    const page = await this.rpc.call<ordersV1.ListOrdersResponse>(deadline, (metadata, options, answer) =>
      this.client.listOrders(request, metadata, options, answer),
    );
    return page.orders;
  }

  close(): void {
    this.rpc.close();
  }
}
