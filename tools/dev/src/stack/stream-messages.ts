import { jetstream, jetstreamManager } from '@nats-io/jetstream';
import { connectNats, type NatsAccess } from './nats-access.ts';

export interface StreamMessage {
  sequence: number;
  subject: string;
  /** The value of a header; undefined when it has none of this name. */
  header: (name: string) => string | undefined;
}

/**
 * All messages of a stream, from the first to the last that it has now, read by a consumer of its own.
 * None when there is no stream: a server that lost its data has none until it is created again.
 *
 * @throws when the server cannot be reached, or goes away meanwhile
 */
export async function* streamMessages(access: NatsAccess, stream: string): AsyncGenerator<StreamMessage> {
  const connection = await connectNats(access, { reconnect: false, timeout: 5_000 });
  try {
    const manager = await jetstreamManager(connection);
    const info = await manager.streams.info(stream).catch(() => undefined);
    if (!info || info.state.messages === 0) return;
    const reader = await jetstream(connection).consumers.get(stream);
    for (let last = 0; last < info.state.last_seq;) {
      // A fetch on a closed connection ends at once and without an error.
      if (connection.isClosed()) throw new Error(`the connection was lost while ${stream} was read`);
      for await (const { seq, subject, headers } of await reader.fetch({
        max_messages: 2_000,
        expires: 1_000,
      })) {
        last = seq;
        const header = (name: string) => (headers?.has(name) ? headers.get(name) : undefined);
        yield { sequence: seq, subject, header };
        if (seq >= info.state.last_seq) break;
      }
    }
  } finally {
    await connection.close();
  }
}
