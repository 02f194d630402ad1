import { DiscardPolicy, RetentionPolicy, type StreamConfig, type StreamInfo } from '@nats-io/jetstream';
import { millis } from '@nats-io/transport-node';
import type { SequenceRange, StreamState } from '../message.js';

/** @param info looked up with `deleted_details`; without it, gaps are not seen */
export function toStreamState({ created, config, state }: StreamInfo): StreamState {
  const isEmpty = state.messages === 0;
  return {
    id: created,
    // An empty stream of nats-server has the first sequence 0 or one above the last.
    firstSequence: isEmpty ? state.last_seq + 1 : state.first_seq,
    firstTime: isEmpty ? undefined : new Date(state.first_ts),
    lastSequence: state.last_seq,
    gaps: isEmpty ? [] : toRanges(state.deleted ?? []),
    keepsForMs: keepsForMs(config),
  };
}

/** A repeat within the dedupe window is acked too: so a message may be older than its receipt by that window. */
function keepsForMs(config: StreamConfig): number {
  if (!dropsByAgeOnly(config)) return 0;
  if (!config.max_age) return Infinity;
  return Math.max(0, millis(config.max_age) - millis(config.duplicate_window)) * 0.9;
}

/** Limits are -1 or 0 when there are none. */
function dropsByAgeOnly(config: StreamConfig): boolean {
  const isRefusing = config.discard === DiscardPolicy.New;
  const isLimited = config.max_msgs > 0 || config.max_bytes > 0;
  const isLimitedBySubject = config.max_msgs_per_subject > 0;
  return (
    config.retention === RetentionPolicy.Limits &&
    (isRefusing || !isLimited) &&
    (!isLimitedBySubject || (isRefusing && config.discard_new_per_subject === true))
  );
}

function toRanges(sequences: readonly number[]): SequenceRange[] {
  const ranges: { from: number; to: number }[] = [];
  for (const sequence of sequences.toSorted((a, b) => a - b)) {
    const last = ranges.at(-1);
    if (last?.to === sequence - 1) last.to = sequence;
    else ranges.push({ from: sequence, to: sequence });
  }
  return ranges;
}
