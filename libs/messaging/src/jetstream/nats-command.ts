import { JetStreamApiError } from '@nats-io/jetstream';
import { OPERATOR, type PROVISIONER } from '@orders/contracts';
import { CliError, type TlsIdentity } from '@orders/service';
import { SILENT } from '../log.js';
import type { NatsConfigValues } from './nats-config.js';
import { NatsLink } from './nats-link.js';
import { refusedRight } from './missing-rights.js';

export interface NatsCommandOptions {
  readonly config: NatsConfigValues;
  /** The client name that the server shows. */
  readonly name: string;
  /** Whose work it does: the answers arrive at the inbox of that user. Default: the operator's. */
  readonly user?: typeof OPERATOR | typeof PROVISIONER | undefined;
  readonly tls?: TlsIdentity | undefined;
}

/** Lends a command of operators a connection that logs nothing, and closes it. */
export async function withNats<T>(
  options: NatsCommandOptions,
  work: (link: NatsLink) => Promise<T>,
): Promise<T> {
  const link = new NatsLink({ user: OPERATOR, ...options, logger: SILENT });
  try {
    return await work(link);
  } finally {
    await link.close();
  }
}

/** @throws {CliError} with one line for the operator, when NATS cannot be used or refuses the request; bugs as they are */
export async function askNats<T>(ask: () => Promise<T>): Promise<T> {
  try {
    return await ask();
  } catch (cause) {
    if (cause instanceof CliError || cause instanceof TypeError) throw cause;
    throw new CliError(explain(cause), 1, { cause });
  }
}

function explain(cause: unknown): string {
  const why = cause instanceof Error ? cause.message : String(cause);
  const refusal = refusedRight(cause);
  if (refusal) return refusal.message;
  if (cause instanceof JetStreamApiError) return `NATS refuses it: ${why} (${cause.code})`;
  return `NATS cannot be used (${why}): check NATS_URL, and that it is up.`;
}
