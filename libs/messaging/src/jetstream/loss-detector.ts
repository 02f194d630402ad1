import type { ConsumerInfo, JetStreamManager, StoredMsg } from '@nats-io/jetstream';
import type { EventPlace, Settled } from '../message.js';
import { addressOf, eventIdOf } from './deliveries.js';
import { storedHeaders } from './nats-headers.js';
import type { StreamSpec } from './stream.js';

/** By so much the clocks of who makes an event and of the server may differ, in ms. */
const CLOCK_SKEW_MS = 1_000;
/** Messages looked at together. */
const LOOK_SIZE = 100;

export interface LossDetectorOptions {
  readonly stream: StreamSpec;
  /** Is this subject for the reader? What is not is acked without being settled. */
  readonly wants: (subject: string) => boolean;
  /** What the reader has settled; undefined = what is acked is taken for settled. */
  readonly settled: Settled | undefined;
}

/** Messages up to a sequence, of those that were stored since a moment, in ms since the epoch. */
interface Doubt {
  readonly upTo: number;
  readonly since: number;
}

/**
 * Notices that a stream has lost its end, from the side of a consumer: one that stands ahead of its stream waits for
 * ever, and skips what comes in the place of what was lost.
 */
export class LossDetector {
  /** The last message that this process was given. */
  private last: { sequence: number; id: string } | undefined;
  /** What counted as delivered when the reader began, until it is known to be settled. */
  private doubt: Doubt | undefined;

  constructor(private readonly options: LossDetectorOptions) {}

  /** Is there something to be found out, as soon as all is acked that was delivered when the reader began? */
  get isInDoubt(): boolean {
    return this.doubt !== undefined;
  }

  /** Notes the last message that the reader was given. */
  noteDelivered(sequence: number, id: string): void {
    this.last = { sequence, id };
  }

  /**
   * To be called when a reader begins. While it did not look, the stream may have lost its end and have grown again past
   * where the consumer stands: then other events are in places that are acked already. That the last of them is settled
   * says nothing of those before it, since the relay publishes again what is settled as well. So all must be that were
   * stored since the newest settled event was made: what came after the loss is younger than what was settled before it.
   */
  async doubtDelivered({ delivered }: ConsumerInfo): Promise<void> {
    const { settled } = this.options;
    if (!settled) return;
    const since = (await settled.newest()).getTime() - CLOCK_SKEW_MS;
    // A doubt that is still open stays: what was settled meanwhile may be what came after the loss.
    this.doubt = { upTo: delivered.stream_seq, since: Math.min(since, this.doubt?.since ?? since) };
  }

  /** To be called when the consumer is another one: nothing was delivered yet. */
  reset(): void {
    this.last = this.doubt = undefined;
  }

  /**
   * Has the stream lost anything that the consumer had delivered? Seen by a stream that is shorter; or, when it has grown
   * since, by another message where the last one had been, or by one that is acked and was never settled.
   *
   * @param standing looked up before this call: the stream only grows meanwhile
   */
  async hasLost(manager: JetStreamManager, standing: ConsumerInfo): Promise<boolean> {
    const { state } = await manager.streams.info(this.options.stream.name);
    if (standing.delivered.stream_seq > state.last_seq) return true;
    // 0 in a stream that never held anything; messages begin at 1.
    const first = Math.max(state.first_seq, 1);
    return (await this.isOverwritten(manager, first)) || (await this.hasUnsettled(manager, standing, first));
  }

  private async isOverwritten(manager: JetStreamManager, first: number): Promise<boolean> {
    const { last } = this;
    if (!last || last.sequence < first) return false;
    const stored = await manager.streams.getMessage(this.options.stream.name, { seq: last.sequence });
    return !stored || (storedHeaders(stored)['Nats-Msg-Id'] ?? '') !== last.id;
  }

  /** Known only when all in doubt are acked: until then another replica, or an ack wait, may have some in hand. */
  private async hasUnsettled(
    manager: JetStreamManager,
    { ack_floor: acked }: ConsumerInfo,
    first: number,
  ): Promise<boolean> {
    const { doubt } = this;
    if (!doubt || acked.stream_seq < doubt.upTo) return false;
    const areSettled = await this.areSettled(manager, doubt, first);
    if (areSettled) this.doubt = undefined;
    return !areSettled;
  }

  /** Looks from the newest message back to one that is old enough, or to the first that the stream still has. */
  private async areSettled(
    manager: JetStreamManager,
    { upTo, since }: Doubt,
    first: number,
  ): Promise<boolean> {
    const { stream, wants, settled } = this.options;
    for (let to = upTo; to >= first; to -= LOOK_SIZE) {
      const stored = await storedIn(manager, stream, { from: Math.max(first, to - LOOK_SIZE + 1), to });
      const wanted = stored.filter(({ subject }) => wants(subject));
      if ((await settled?.all(wanted.map((message) => placeIn(stream, message)))) === false) return false;
      const oldest = stored.at(-1);
      if (oldest && oldest.time.getTime() < since) return true;
    }
    return true;
  }
}

/** What a stream still has of these sequences, the newest first. */
async function storedIn(
  manager: JetStreamManager,
  { name }: StreamSpec,
  { from, to }: { from: number; to: number },
): Promise<StoredMsg[]> {
  const sequences = Array.from({ length: to - from + 1 }, (_, index) => to - index);
  const looks = sequences.map((seq) => manager.streams.getMessage(name, { seq }));
  return (await Promise.all(looks)).filter((message) => message !== null);
}

function placeIn({ name }: StreamSpec, stored: StoredMsg): EventPlace {
  const headers = storedHeaders(stored);
  return { id: eventIdOf((key) => headers[key]), address: addressOf(name, stored.seq) };
}
