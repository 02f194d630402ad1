import { JetStreamApiCodes, jetstreamManager } from '@nats-io/jetstream';
import type { NatsLink } from './nats-link.js';
import { isApiError, type StreamSpec } from './stream.js';

/**
 * The names of a stream's durable consumers, sorted; none when the stream does not exist. Rejects when NATS is
 * unreachable.
 */
export async function consumerNames(link: NatsLink, { name }: StreamSpec): Promise<string[]> {
  const manager = await jetstreamManager(await link.connection());
  try {
    const names: string[] = [];
    for await (const { config } of manager.consumers.list(name))
      if (config.durable_name !== undefined) names.push(config.durable_name);
    return names.sort();
  } catch (error) {
    if (isApiError(error, JetStreamApiCodes.StreamNotFound)) return [];
    throw error;
  }
}
