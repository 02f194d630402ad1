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

/** How long a stream keeps events, in ms: 7 days. The outbox log keeps its rows as long, inboxes keep ids longer. */
export const STREAM_MAX_AGE_MS = 7 * 24 * 60 * 60 * 1_000;

/**
 * Creates the stream when it is missing; an existing stream stays unchanged. It uses file storage. When it is full it
 * refuses new events instead of dropping old ones; the outbox keeps the refused events. Deleting and purging messages
 * is denied.
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

/** True when `error` is a JetStream API error with this code. */
export function isApiError(error: unknown, code: JetStreamApiCodes): boolean {
  return error instanceof JetStreamApiError && error.code === code;
}
