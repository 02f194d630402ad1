import { JetStreamApiError } from '@nats-io/jetstream';
import { CliError, type Secret } from '@orders/service';
import { SILENT } from '../log.js';
import { NatsLink } from './nats-link.js';
import { RefusedSetupError } from './refused-setup.js';

/** Lends a command of operators a connection that logs nothing, and closes it. */
export async function withNats<T>(
  natsUrl: Secret,
  name: string,
  work: (link: NatsLink) => Promise<T>,
): Promise<T> {
  const link = new NatsLink({ url: natsUrl.reveal(), name, logger: SILENT });
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
  if (cause instanceof RefusedSetupError) return why;
  if (cause instanceof JetStreamApiError) return `NATS refuses it: ${why} (${cause.code})`;
  return `NATS cannot be used (${why}): check NATS_URL, and that it is up.`;
}
