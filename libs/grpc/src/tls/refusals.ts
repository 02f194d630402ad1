import { counter } from '@orders/instrumentation';
import type { Socket } from 'node:net';
import type { Logger } from 'pino';
import { BoundedLog } from '../bounded-log.js';
import { METRICS } from '../metric-definitions.js';

const REASONS = METRICS.refusals.labels.reason;

export interface Refusal {
  /** Why, as a code; the metric counts those that it does not list as OTHER. */
  reason: string;
  /** Address and port of the caller. */
  peer: string;
  /** Further fields of the log line. */
  [field: string]: string;
}

/**
 * Connections and calls that a gRPC server has refused: the metric `rpc_server_refusals_total` by reason, and a log line
 * for each reason, at most one a second.
 */
export class Refusals {
  private readonly log = new BoundedLog();
  private readonly count = counter(METRICS.refusals);

  constructor(private readonly logger: Logger) {}

  /** @param what `connection refused` or `call refused` */
  add(what: string, refusal: Refusal): void {
    const reason = REASONS.find((known) => known === refusal.reason) ?? 'OTHER';
    this.count.add(1, { reason });
    this.log.add(refusal.reason, (skipped) =>
      this.logger.warn({ ...refusal, ...(skipped > 0 && { skipped }) }, what),
    );
  }
}

/** `address:port` of the other end of a socket; it may be closed already. */
export function peerOf(socket: Pick<Socket, 'remoteAddress' | 'remotePort'> | undefined): string {
  return `${socket?.remoteAddress ?? 'unknown'}:${socket?.remotePort ?? 0}`;
}
