import {
  DiscardPolicy,
  JetStreamApiCodes,
  JetStreamApiError,
  type JetStreamManager,
  RetentionPolicy,
  StorageType,
} from '@nats-io/jetstream';
import { nanos } from '@nats-io/transport-node';

export interface StreamSpec {
  readonly name: string;
  readonly subjects: readonly string[];
}

/** How long the stream keeps events. The outbox log keeps its rows as long, inboxes keep ids longer. */
export const STREAM_MAX_AGE_MS = 7 * 24 * 60 * 60 * 1_000;

/**
 * Makes the stream when it is missing; leaves one that is there as it is. File storage; when full it refuses new
 * events instead of dropping old ones (the outbox keeps what is refused); nobody can delete or purge messages.
 */
export async function ensureStream(manager: JetStreamManager, { name, subjects }: StreamSpec): Promise<void> {
  try {
    await manager.streams.info(name);
  } catch (error) {
    if (!isApiError(error, JetStreamApiCodes.StreamNotFound)) throw error;
    await manager.streams.add({
      name,
      subjects: [...subjects],
      storage: StorageType.File,
      retention: RetentionPolicy.Limits,
      discard: DiscardPolicy.New,
      max_age: nanos(STREAM_MAX_AGE_MS),
      duplicate_window: nanos(60 * 60 * 1_000),
      deny_delete: true,
      deny_purge: true,
    });
  }
}

/** Is it the server's answer with this JetStream error code? */
export function isApiError(error: unknown, code: JetStreamApiCodes): boolean {
  return error instanceof JetStreamApiError && error.code === code;
}
