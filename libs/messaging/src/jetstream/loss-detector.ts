import type { ConsumerInfo, JetStreamManager, StoredMsg } from '@nats-io/jetstream';
import type { SettledEvents, StoredEvent } from '../message.js';
import { addressOf, eventIdOf } from './deliveries.js';
import { storedHeaders } from './nats-headers.js';
import type { StreamSpec } from './stream.js';

/** Allowed difference between the clocks of event producers and of the server, in ms. */
const CLOCK_SKEW_MS = 1_000;
/** Messages looked up at once. */
const LOOKUP_SIZE = 100;

export interface LossDetectorOptions {
  readonly stream: StreamSpec;
  /** True when the reader wants this subject. Other messages are acked without being settled. */
  readonly wants: (subject: string) => boolean;
  /** What the reader has settled; undefined = every acked message counts as settled. */
  readonly settled: SettledEvents | undefined;
}

/** Messages up to a sequence that were stored since a time, in ms since the epoch. */
interface UnverifiedRange {
  readonly upTo: number;
  readonly since: number;
}

/**
 * Notices, from the side of a consumer, that a stream has lost its end. A consumer ahead of its stream would wait for
 * ever, and would skip the new events that get the lost sequences.
 */
export class LossDetector {
  /** The last message that this process was given. */
  private last: { sequence: number; id: string } | undefined;
  /** What counted as delivered when the session began, until it is verified to be settled. */
  private unverified: UnverifiedRange | undefined;

  constructor(private readonly options: LossDetectorOptions) {}

  /**
   * True while a range is unverified. {@link hasLost} can verify it once all deliveries from before the session are
   * acked.
   */
  get hasUnverified(): boolean {
    return this.unverified !== undefined;
  }

  /** Remembers the last message that the reader was given. */
  noteDelivered(sequence: number, id: string): void {
    this.last = { sequence, id };
  }

  /**
   * Call it when a session begins. While nobody looked, the stream may have lost its end and grown again past the
   * consumer's position: then other events have sequences that are already acked. That the last of them is settled
   * proves nothing about those before it, since the relay also publishes settled events again. So every event must be
   * settled that was stored since the newest settled event was created: what came after the loss is younger than what
   * was settled before it.
   */
  async markUnverified({ delivered }: ConsumerInfo): Promise<void> {
    const { settled } = this.options;
    if (!settled) return;
    const since = (await settled.newestTime()).getTime() - CLOCK_SKEW_MS;
    // A range that is still unverified keeps its start: what was settled meanwhile may have come after the loss.
    this.unverified = {
      upTo: delivered.stream_seq,
      since: Math.min(since, this.unverified?.since ?? since),
    };
  }

  /** Call it when the consumer was recreated: nothing has been delivered yet. */
  reset(): void {
    this.last = this.unverified = undefined;
  }

  /**
   * True when the stream has lost messages that the consumer had delivered. The stream is then shorter; or it has grown
   * again, and holds another message in place of the last one, or an acked message that was never settled.
   *
   * @param info looked up before this call: meanwhile the stream only grows
   */
  async hasLost(manager: JetStreamManager, info: ConsumerInfo): Promise<boolean> {
    const { state } = await manager.streams.info(this.options.stream.name);
    if (info.delivered.stream_seq > state.last_seq) return true;
    // 0 in a stream that never held a message; sequences begin at 1.
    const first = Math.max(state.first_seq, 1);
    return (await this.isOverwritten(manager, first)) || (await this.hasUnsettled(manager, info, first));
  }

  private async isOverwritten(manager: JetStreamManager, first: number): Promise<boolean> {
    const { last } = this;
    if (!last || last.sequence < first) return false;
    const stored = await manager.streams.getMessage(this.options.stream.name, { seq: last.sequence });
    return !stored || (storedHeaders(stored)['Nats-Msg-Id'] ?? '') !== last.id;
  }

  /**
   * Decided only when the unverified range is acked: until then another replica may hold messages, or an ack wait may
   * run.
   */
  private async hasUnsettled(
    manager: JetStreamManager,
    { ack_floor: acked }: ConsumerInfo,
    first: number,
  ): Promise<boolean> {
    const { unverified } = this;
    if (!unverified || acked.stream_seq < unverified.upTo) return false;
    const isSettled = await this.isSettled(manager, unverified, first);
    if (isSettled) this.unverified = undefined;
    return !isSettled;
  }

  /** Looks back from the newest message to one stored before `since`, or to the first that the stream still has. */
  private async isSettled(
    manager: JetStreamManager,
    { upTo, since }: UnverifiedRange,
    first: number,
  ): Promise<boolean> {
    const { stream, wants, settled } = this.options;
    for (let to = upTo; to >= first; to -= LOOKUP_SIZE) {
      const stored = await lookUp(manager, stream, { from: Math.max(first, to - LOOKUP_SIZE + 1), to });
      const events = stored
        .filter(({ subject }) => wants(subject))
        .map((message) => toStoredEvent(stream, message));
      if ((await settled?.areSettled(events)) === false) return false;
      const oldest = stored.at(-1);
      if (oldest && oldest.time.getTime() < since) return true;
    }
    return true;
  }
}

/** The messages that the stream still has at these sequences, newest first. */
async function lookUp(
  manager: JetStreamManager,
  { name }: StreamSpec,
  { from, to }: { from: number; to: number },
): Promise<StoredMsg[]> {
  const sequences = Array.from({ length: to - from + 1 }, (_, index) => to - index);
  const lookups = sequences.map((seq) => manager.streams.getMessage(name, { seq }));
  return (await Promise.all(lookups)).filter((message) => message !== null);
}

function toStoredEvent({ name }: StreamSpec, stored: StoredMsg): StoredEvent {
  const headers = storedHeaders(stored);
  return { id: eventIdOf((key) => headers[key]), address: addressOf(name, stored.seq) };
}
