import type { NatsConnection } from '@nats-io/transport-node';
import { connectNats } from '@orders/dev/stack/nats-access';
import type { SystemUnderProof } from '../system-under-proof.ts';

/** Runs the work with a connection of its own that bypasses all proxies. */
export async function withNats<T>(
  { system }: SystemUnderProof,
  work: (connection: NatsConnection) => Promise<T>,
): Promise<T> {
  const connection = await connectNats(system.nats.access, { timeout: 5_000, reconnect: false });
  try {
    return await work(connection);
  } finally {
    await connection.close();
  }
}
