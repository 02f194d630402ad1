import { connect, type NatsConnection, type NodeConnectionOptions } from '@nats-io/transport-node';
import type { Tls } from './tls-files.ts';

/** How a tool reaches NATS. */
export interface NatsAccess {
  /** Of one server, or of several with commas in between. */
  readonly url: string;
  /** What the tool shows and trusts; undefined when the servers want no TLS. */
  readonly tls?: Tls | undefined;
}

/** @param options beside the servers and TLS; default: endless tries to connect again, as an app has */
export function connectNats(
  { url, tls }: NatsAccess,
  options: NodeConnectionOptions = { maxReconnectAttempts: -1 },
): Promise<NatsConnection> {
  return connect({
    servers: url.split(','),
    ...(tls && { tls: { certFile: tls.cert, keyFile: tls.key, caFile: tls.ca } }),
    ...options,
  });
}
