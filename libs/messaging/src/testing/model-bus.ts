import { directWire, type Wire } from '@orders/postgres/testing';
import { WakeUp } from '@orders/resilience';
import {
  type Delivery,
  EventPublisher,
  EventSource,
  type Message,
  type Receipt,
  type StreamState,
} from '../message.js';

/** An unsettled delivery is repeated after this time, in ms. */
const ACK_WAIT_MS = 5_000;

interface Stored {
  readonly message: Message;
  readonly sequence: number;
  readonly storedAt: Date;
  attempt: number;
  acked: boolean;
  /** Time of the earliest delivery, by `performance.now()`. */
  dueAt: number;
}

/**
 * An in-memory bus with one durable consumer that its readers share. Tests can make it fail as JetStream may fail at
 * its worst: forget, lose, repeat, deliver out of order. Without such faults it passes bus-conformance.ts.
 */
export class ModelBus {
  private generation = 1;
  /** In the order of their sequences. */
  private stored: Stored[] = [];
  private lastSequence = 0;
  private refusals = 0;
  private readonly duplicateWindow = new Map<string, number>();
  private readonly waitingReaders = new Set<WakeUp>();
  private reversed = false;

  /** The bus as a process reaches it over `wire`. */
  connect(wire: Wire = directWire): { publisher: EventPublisher; source: EventSource } {
    return { publisher: new ModelPublisher(this, wire), source: new ModelSource(this, wire) };
  }

  /** The messages in the stream, in order. */
  get messages(): Message[] {
    return this.stored.map(({ message }) => message);
  }

  get acked(): Message[] {
    return this.stored.filter(({ acked }) => acked).map(({ message }) => message);
  }

  get state(): StreamState {
    const { lastSequence } = this;
    const [first] = this.stored;
    return {
      id: `stream-${this.generation}`,
      firstSequence: first?.sequence ?? lastSequence + 1,
      firstTime: first?.storedAt,
      lastSequence,
      gaps: this.stored.slice(1).flatMap(({ sequence }, index) => {
        const before = this.stored[index]!.sequence;
        return sequence === before + 1 ? [] : [{ from: before + 1, to: sequence - 1 }];
      }),
      keepsForMs: Infinity,
    };
  }

  /** @throws while messages are refused ({@link refuseNext}) */
  publish(message: Message): Receipt {
    const known = this.duplicateWindow.get(message.id);
    if (known !== undefined) return { sequence: known, duplicate: true };
    if (this.refusals > 0) {
      this.refusals -= 1;
      this.duplicateWindow.set(message.id, 0);
      throw new Error('maximum messages exceeded');
    }
    const sequence = (this.lastSequence += 1);
    this.stored.push({
      ...{ message, sequence, storedAt: new Date() },
      ...{ attempt: 0, acked: false, dueAt: -Infinity },
    });
    this.duplicateWindow.set(message.id, sequence);
    this.wakeReaders();
    return { sequence, duplicate: false };
  }

  idAt(sequence: number): string | undefined {
    return this.stored.find((stored) => stored.sequence === sequence)?.message.id;
  }

  /** From now on an id that is published again is stored again. */
  clearDuplicateWindow(): void {
    this.duplicateWindow.clear();
  }

  /**
   * The stream refuses the next `count` new messages, because of a limit. When they are repeated, it acks them as
   * duplicates with the sequence 0, as a cluster of nats-server 2.10 does.
   */
  refuseNext(count: number): void {
    this.refusals += count;
  }

  /** The stream loses its last `count` messages. New messages get their sequences. */
  loseLast(count: number): void {
    for (const { message } of this.stored.splice(Math.max(0, this.stored.length - count))) {
      this.duplicateWindow.delete(message.id);
    }
    this.lastSequence = this.stored.at(-1)?.sequence ?? 0;
  }

  /**
   * The stream loses up to `count` messages after the first `after`: its beginning or a gap, but never its end, where a
   * message keeps its sequence. Whether it still knows their ids depends on whether the server was restarted.
   */
  loseAfter(after: number, count: number, ids: 'known' | 'forgotten'): void {
    const end = Math.min(after + count, this.stored.length - 1);
    for (const { message } of this.stored.splice(after, Math.max(0, end - after)))
      if (ids === 'forgotten') this.duplicateWindow.delete(message.id);
  }

  /** All messages are deleted; their ids stay known. */
  purge(): void {
    this.stored = [];
  }

  /** The stream and its consumer are lost and recreated. */
  recreate(): void {
    this.generation += 1;
    this.stored = [];
    this.lastSequence = 0;
    this.duplicateWindow.clear();
  }

  /** The consumer forgets its last `count` acks. */
  forgetAcks(count: number): void {
    for (const entry of this.stored.filter(({ acked }) => acked).slice(-count)) entry.acked = false;
    this.wakeReaders();
  }

  /** The next batch is delivered in reverse order. */
  reverseNext(): void {
    this.reversed = true;
  }

  /** For {@link ModelSource}. */
  deliver(max: number): { streamId: string; entries: { stored: Stored; attempt: number }[] } {
    const now = performance.now();
    const due = this.stored.filter(({ acked, dueAt }) => !acked && dueAt <= now).slice(0, max);
    if (this.reversed) due.reverse();
    if (due.length > 0) this.reversed = false;
    const entries = due.map((stored) => {
      stored.attempt += 1;
      stored.dueAt = now + ACK_WAIT_MS;
      return { stored, attempt: stored.attempt };
    });
    return { streamId: this.state.id, entries };
  }

  /** For {@link ModelSource}: settles a delivery. Has no effect when the stream was recreated since. */
  settle(streamId: string, { sequence, message }: Stored, change: Partial<Stored>): void {
    const entry = this.stored.find((stored) => stored.sequence === sequence);
    if (streamId === this.state.id && entry?.message === message) Object.assign(entry, change);
    this.wakeReaders();
  }

  /** For {@link ModelSource}: resolves when a message may be due or the signal aborts. */
  async waitForDue(signal: AbortSignal): Promise<void> {
    const wakeUp = new WakeUp();
    this.waitingReaders.add(wakeUp);
    const dueAt = this.stored.filter(({ acked }) => !acked).map((entry) => entry.dueAt);
    await wakeUp.wait(
      Math.max(1, Math.min(...dueAt, performance.now() + 60_000) - performance.now()),
      signal,
    );
    this.waitingReaders.delete(wakeUp);
  }

  /** Number of messages not acked. */
  get lag(): number {
    return this.stored.filter(({ acked }) => !acked).length;
  }

  private wakeReaders(): void {
    for (const reader of this.waitingReaders) reader.wake();
  }
}

class ModelPublisher extends EventPublisher {
  constructor(
    private readonly bus: ModelBus,
    private readonly wire: Wire,
  ) {
    super();
  }

  publish(message: Message): Promise<Receipt> {
    return this.wire(`publish ${message.id}`, () => this.bus.publish(message));
  }

  state(): Promise<StreamState> {
    return this.wire('state', () => this.bus.state);
  }

  idAt(sequence: number): Promise<string | undefined> {
    return this.wire(`id at ${sequence}`, () => this.bus.idAt(sequence));
  }
}

class ModelSource extends EventSource {
  constructor(
    private readonly bus: ModelBus,
    private readonly wire: Wire,
  ) {
    super();
  }

  async *batches(max: number, signal: AbortSignal): AsyncIterable<Delivery[]> {
    while (!signal.aborted) {
      // Messages delivered into a broken connection are redelivered after the ack wait.
      const { streamId, entries } = await this.wire('fetch', () => this.bus.deliver(max)).catch(() => ({
        streamId: '',
        entries: [],
      }));
      if (entries.length > 0) yield entries.map((entry) => this.toDelivery(streamId, entry));
      else await this.bus.waitForDue(signal);
    }
  }

  lag(): Promise<number> {
    return this.wire('lag', () => this.bus.lag);
  }

  private toDelivery(streamId: string, { stored, attempt }: { stored: Stored; attempt: number }): Delivery {
    const send = (reply: string, change: () => Partial<Stored>) => {
      const settle = () => this.bus.settle(streamId, stored, change());
      void this.wire(`${reply} ${stored.message.id}`, settle).catch(() => undefined);
    };
    return {
      message: stored.message,
      address: `${streamId}/${stored.sequence}`,
      attempt,
      ack: () => send('ack', () => ({ acked: true })),
      nak: (delayMs) => send('nak', () => ({ dueAt: performance.now() + delayMs })),
      working: () => send('working', () => ({ dueAt: performance.now() + ACK_WAIT_MS })),
    };
  }
}
