import {
  type ChannelCredentials,
  Metadata,
  type ServerUnaryCall,
  type ServiceError,
  status,
} from '@grpc/grpc-js';
import { Controller } from '@nestjs/common';
import { GrpcMethod } from '@nestjs/microservices';
import { createLogger, metricsText } from '@orders/instrumentation';
import { ordersV1 } from '@orders/rpc';
import { Service, type TlsIdentity } from '@orders/service';
import { freePort } from '@orders/service/testing';
import { CHANNEL_OPTIONS } from '../rpc-client.js';
import { serveGrpc } from '../serve-grpc.js';
import type { Callers } from '../tls/callers.js';
import { channelCredentials } from '../tls/channel-credentials.js';

const GET = ordersV1.GetOrderRequest.create({ id: '1' });
const LIST = ordersV1.ListOrdersRequest.create({ customerId: 'a', limit: 1 });

/** Collects the lines that a logger writes. */
export class LogLines {
  readonly lines: Record<string, unknown>[] = [];
  readonly logger = createLogger(
    { name: 'test', level: 'info' },
    { write: (line: string) => void this.lines.push(JSON.parse(line) as Record<string, unknown>) },
  );

  /** The `reason` of each line that has one. */
  get reasons(): unknown[] {
    return this.lines.flatMap(({ reason }) => reason ?? []);
  }
}

@Controller()
class SomeOrders {
  /** @returns as id the serial number of the caller's certificate */
  @GrpcMethod('Orders', 'getOrder')
  getOrder(
    _request: ordersV1.GetOrderRequest,
    _metadata: Metadata,
    call: ServerUnaryCall<ordersV1.GetOrderRequest, ordersV1.Order>,
  ): ordersV1.Order {
    return ordersV1.Order.create({ id: call.getAuthContext().sslPeerCertificate?.serialNumber ?? '' });
  }

  @GrpcMethod('Orders', 'listOrders')
  listOrders(): ordersV1.ListOrdersResponse {
    return { orders: [], nextCursor: '' };
  }
}

/** A gRPC server as an app has it, which answers GetOrder and ListOrders. */
export class ServedRpcs implements AsyncDisposable {
  readonly log = new LogLines();
  private readonly exited = Promise.withResolvers<number>();
  private readonly service = new Service({
    name: 'orders',
    config: { host: '127.0.0.1', managementPort: 0, shutdownWaitMs: 0, shutdownDrainMs: 1_000 },
    logger: this.log.logger,
    process: { on: () => undefined, exit: this.exited.resolve },
  });

  private constructor(readonly port: number) {}

  /** @param tls undefined: plaintext */
  static async start(tls: TlsIdentity | undefined, callers: Callers): Promise<ServedRpcs> {
    const served = new ServedRpcs(await freePort());
    await serveGrpc({
      ...{ service: served.service, address: `127.0.0.1:${served.port}`, tls, callers },
      definitions: { 'orders.v1.Orders': ordersV1.OrdersService },
      maxMessageBytes: 1_024,
      controllers: [SomeOrders],
    });
    return served;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.service.stop('test');
    await this.exited.promise;
  }
}

/** A client as an app has it, of a server on this machine. */
export class CallingApp implements Disposable {
  readonly log = new LogLines();
  readonly client: ordersV1.OrdersClient;

  constructor(
    port: number,
    /** Undefined: plaintext. */
    secure: TlsIdentity | ChannelCredentials | undefined,
  ) {
    const { logger } = this.log;
    const credentials =
      secure && '_createSecureConnector' in secure
        ? secure
        : channelCredentials({ upstream: 'orders', logger, tls: secure });
    this.client = new ordersV1.OrdersClient(`127.0.0.1:${port}`, credentials, CHANNEL_OPTIONS);
  }

  /** Makes a call. @returns the name of its status, and its detail when it fails */
  call(rpc: 'getOrder' | 'listOrders' = 'getOrder'): Promise<{ code: string; details?: string }> {
    return new Promise((resolve) => {
      const answer = (error: ServiceError | null) =>
        resolve(error ? { code: status[error.code] ?? '', details: error.details } : { code: 'OK' });
      const [metadata, options] = [new Metadata(), { deadline: Date.now() + 10_000 }];
      if (rpc === 'getOrder') this.client.getOrder(GET, metadata, options, answer);
      else this.client.listOrders(LIST, metadata, options, answer);
    });
  }

  /**
   * Makes a call and looks at the certificates of its connection.
   *
   * @returns their serial numbers
   * @throws when the call fails
   */
  certificates(): Promise<{ server: string; client: string }> {
    return new Promise((resolve, reject) => {
      const options = { deadline: Date.now() + 10_000 };
      const call = this.client.getOrder(GET, new Metadata(), options, (error, order) => {
        const server = call.getAuthContext()?.sslPeerCertificate?.serialNumber ?? '';
        if (error) reject(error);
        else resolve({ server, client: order.id });
      });
    });
  }

  [Symbol.dispose](): void {
    this.client.close();
  }
}

/** What the metric of refused connections and calls has counted. */
export async function countRefusals(reason: string): Promise<number> {
  const line = new RegExp(`^rpc_server_refusals_total\\{reason="${reason}"\\} (\\d+)$`, 'm');
  return Number(line.exec(await metricsText())?.[1] ?? 0);
}
