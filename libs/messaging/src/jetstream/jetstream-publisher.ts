import { jetstream, type JetStreamClient, jetstreamManager } from '@nats-io/jetstream';
import { headers as natsHeaders } from '@nats-io/transport-node';
import { EventPublisher, type Message, type Receipt, type StreamState } from '../message.js';
import type { NatsLink } from './nats-link.js';
import { ensureStream, type StreamSpec } from './stream.js';

/** Longest wait for the server's word that a message is stored, in ms. */
const PUBLISH_TIMEOUT_MS = 2_000;

/** Publishes to a JetStream stream, which it makes when it is missing, also when it vanishes later. */
export class JetStreamPublisher extends EventPublisher {
  private client: Promise<JetStreamClient> | undefined;

  constructor(
    private readonly link: NatsLink,
    private readonly stream: StreamSpec,
  ) {
    super();
  }

  async publish({ id, subject, headers, body }: Message): Promise<Receipt> {
    const client = await (this.client ??= this.open());
    try {
      const { seq, duplicate } = await client.publish(subject, body, {
        headers: toNatsHeaders(headers),
        timeout: PUBLISH_TIMEOUT_MS,
        retries: 0,
        expect: { streamName: this.stream.name },
        ...(id === '' ? {} : { msgID: id }),
      });
      return { sequence: seq, duplicate };
    } catch (error) {
      // Whatever it was, the stream may be gone: look before the next one.
      this.client = undefined;
      throw error;
    }
  }

  async state(): Promise<StreamState> {
    const manager = await jetstreamManager(await this.link.connection());
    await ensureStream(manager, this.stream);
    const { created, state } = await manager.streams.info(this.stream.name);
    return { id: created, lastSequence: state.last_seq };
  }

  private async open(): Promise<JetStreamClient> {
    try {
      const connection = await this.link.connection();
      await ensureStream(await jetstreamManager(connection), this.stream);
      return jetstream(connection);
    } catch (error) {
      this.client = undefined;
      throw error;
    }
  }
}

function toNatsHeaders(headers: Readonly<Record<string, string>>) {
  const result = natsHeaders();
  for (const [name, value] of Object.entries(headers)) result.append(name, value);
  return result;
}
