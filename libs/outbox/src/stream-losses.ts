import type { EventPublisher, SequenceRange, StreamState } from '@orders/messaging';
import { eventIdOf } from './message-id.js';
import type { Cursor, OutboxCursor } from './outbox-cursor.js';
import type { RewindReason } from './outbox-metrics.js';

/** What a stream has lost. */
export interface StreamLoss {
  readonly reason: RewindReason;
  /** The last sequence up to which the stream has lost nothing; {@link NOTHING} when no checkpoint holds. */
  readonly intactUpTo: number;
}

/** Below every sequence. */
export const NOTHING = -1;

export interface LossSources {
  readonly cursor: OutboxCursor;
  readonly publisher: EventPublisher;
}

/**
 * Compares a stream with what it held at the cursor. Of several losses, returns the one that lies deepest.
 *
 * @throws when the database or the bus cannot answer; what cannot be looked up is not lost
 */
export async function findLoss(
  at: Cursor,
  state: StreamState,
  sources: LossSources,
): Promise<StreamLoss | undefined> {
  if (at.stream !== state.id) return { reason: 'younger', intactUpTo: NOTHING };
  const losses: StreamLoss[] = [];
  if (state.lastSequence < at.streamSequence)
    losses.push({ reason: 'shorter', intactUpTo: state.lastSequence });
  else if (await isOverwritten(at, sources))
    losses.push({ reason: 'overwritten', intactUpTo: at.streamSequence - 1 });
  if (await hasLostBeginning(state, sources)) losses.push({ reason: 'beginning', intactUpTo: NOTHING });
  const gap = state.keepsForMs > 0 ? lowestUnknown(state.gaps, at.knownGaps) : undefined;
  if (gap !== undefined) losses.push({ reason: 'gap', intactUpTo: gap - 1 });
  return deepest(losses);
}

/** Of several losses, the one that leaves the least intact. */
export function deepest(losses: readonly StreamLoss[]): StreamLoss | undefined {
  return losses.toSorted((a, b) => a.intactUpTo - b.intactUpTo)[0];
}

/**
 * True when the stream has lost its end and grown again: then another message has the sequence of the newest message
 * before the cursor. A message that is gone is no sign of that: it may have expired.
 */
async function isOverwritten(
  { streamSequence, messageId }: Cursor,
  { publisher }: LossSources,
): Promise<boolean> {
  if (messageId === undefined) return false;
  const stored = await publisher.idAt(streamSequence);
  return stored !== undefined && eventIdOf(stored) !== messageId;
}

/** True when messages are gone that were published too recently to have expired. */
async function hasLostBeginning(
  { id, firstSequence, keepsForMs }: StreamState,
  { cursor }: LossSources,
): Promise<boolean> {
  if (keepsForMs === 0) return false;
  const oldest = await cursor.oldestSequence(id, keepsForMs);
  return oldest !== undefined && firstSequence > oldest + 1;
}

/** The lowest sequence in `gaps` that is not in `known`; both are ascending. */
function lowestUnknown(gaps: readonly SequenceRange[], known: readonly SequenceRange[]): number | undefined {
  for (const { from, to } of gaps) {
    let next = from;
    for (const range of known) if (range.from <= next && next <= range.to) next = range.to + 1;
    if (next <= to) return next;
  }
  return undefined;
}
