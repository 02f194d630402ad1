import {
  DiscardPolicy,
  type Placement,
  RetentionPolicy,
  StorageType,
  type StreamConfig,
} from '@nats-io/jetstream';
import { nanos } from '@nats-io/transport-node';

const HOUR_MS = 60 * 60 * 1_000;
const DAY_MS = 24 * HOUR_MS;

/** The shortest and the longest time that a stream may keep events, in ms. Inboxes keep ids for longer: 30 days. */
export const STREAM_MAX_AGE_RANGE_MS = { min: DAY_MS, max: 28 * DAY_MS } as const;

/** What an operator decides about the stream of an app that publishes. */
export interface StreamSettings {
  /** How many servers of the cluster store it. */
  readonly replicas: number;
  /** Most bytes; a full stream takes no event until older ones expire. -1 = no limit. */
  readonly maxBytes: number;
  /** How long it keeps events, in ms; the outbox log keeps its rows as long. In {@link STREAM_MAX_AGE_RANGE_MS}. */
  readonly maxAgeMs: number;
  /** Which servers may store it; default: any. */
  readonly placement?: Placement | undefined;
}

/** One replica, no limit of size, 7 days. */
export const DEFAULT_STREAM_SETTINGS: StreamSettings = { replicas: 1, maxBytes: -1, maxAgeMs: 7 * DAY_MS };

/** A stream as an app declares it: its settings on the server. */
export type DeclaredConfig = ReturnType<typeof declaredConfig>;

/**
 * The settings of a stream on the server. It uses file storage. When it is full it refuses new events instead of dropping
 * old ones; the outbox keeps the refused events. Deleting and purging messages is denied.
 */
export function declaredConfig(
  subjects: readonly string[],
  { replicas, maxBytes, maxAgeMs, placement }: StreamSettings,
) {
  return {
    subjects: [...subjects],
    storage: StorageType.File,
    retention: RetentionPolicy.Limits,
    discard: DiscardPolicy.New,
    num_replicas: replicas,
    max_bytes: maxBytes,
    max_msgs: -1,
    max_msgs_per_subject: -1,
    max_msg_size: -1,
    max_age: nanos(maxAgeMs),
    duplicate_window: nanos(HOUR_MS),
    deny_delete: true,
    deny_purge: true,
    no_ack: false,
    ...(placement && { placement }),
  } satisfies Partial<StreamConfig>;
}
