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

/** A delivery that is silent for so long comes again, in ms. */
const ACK_WAIT_MS = 5_000;

interface Stored {
  readonly message: Message;
  readonly sequence: number;
  attempt: number;
  acked: boolean;
  /** Not delivered before. */
  dueAt: number;
}

/**
 * A bus in memory with one durable consumer that its readers share, and that can be made to do what JetStream may do
 * at its worst: forget, lose, repeat, deliver out of order. Passes bus-conformance.ts while it is left alone.
 */
export class ModelBus {
  private generation = 1;
  private stored: Stored[] = [];
  private readonly window = new Map<string, number>();
  private readonly readers = new Set<WakeUp>();
  private reversed = false;

  /** The bus as a process sees it. */
  connect(wire: Wire = directWire): { publisher: EventPublisher; source: EventSource } {
    return { publisher: new ModelPublisher(this, wire), source: new ModelSource(this, wire) };
  }

  /** What the stream holds, in order. */
  get messages(): Message[] {
    return this.stored.map(({ message }) => message);
  }

  get acked(): Message[] {
    return this.stored.filter(({ acked }) => acked).map(({ message }) => message);
  }

  get state(): StreamState {
    return { id: `stream-${this.generation}`, lastSequence: this.stored.length };
  }

  publish(message: Message): Receipt {
    const known = this.window.get(message.id);
    if (known !== undefined) return { sequence: known, duplicate: true };
    const sequence = this.stored.length + 1;
    this.stored.push({ message, sequence, attempt: 0, acked: false, dueAt: -Infinity });
    this.window.set(message.id, sequence);
    this.wakeReaders();
    return { sequence, duplicate: false };
  }

  /** From now on a repeat is stored again. */
  forgetWindow(): void {
    this.window.clear();
  }

  /** The stream loses the last `count` messages and gives their sequences to others. */
  loseLast(count: number): void {
    for (const { message } of this.stored.splice(Math.max(0, this.stored.length - count))) {
      this.window.delete(message.id);
    }
  }

  /** The stream is lost and made anew, and its consumer with it. */
  makeAnew(): void {
    this.generation += 1;
    this.stored = [];
    this.window.clear();
  }

  /** The consumer forgets its last `count` acks. */
  regress(count: number): void {
    for (const entry of this.stored.filter(({ acked }) => acked).slice(-count)) entry.acked = false;
    this.wakeReaders();
  }

  /** The next deliveries come in reverse. */
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

  /** For {@link ModelSource}: the reader's word about a delivery; of no effect when the stream is another by now. */
  settle(streamId: string, { sequence, message }: Stored, change: Partial<Stored>): void {
    const entry = this.stored[sequence - 1];
    if (streamId === this.state.id && entry?.message === message) Object.assign(entry, change);
    this.wakeReaders();
  }

  /** For {@link ModelSource}: when something may be due, or the signal aborts. */
  async news(signal: AbortSignal): Promise<void> {
    const wakeUp = new WakeUp();
    this.readers.add(wakeUp);
    const dueAt = this.stored.filter(({ acked }) => !acked).map((entry) => entry.dueAt);
    await wakeUp.wait(
      Math.max(1, Math.min(...dueAt, performance.now() + 60_000) - performance.now()),
      signal,
    );
    this.readers.delete(wakeUp);
  }

  /** Messages that are not acked. */
  get lag(): number {
    return this.stored.filter(({ acked }) => !acked).length;
  }

  private wakeReaders(): void {
    for (const reader of this.readers) reader.wake();
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
    return this.wire(`id at ${sequence}`, () => this.bus.messages[sequence - 1]?.id);
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
      // What was delivered into a broken connection comes again after the ack wait.
      const { streamId, entries } = await this.wire('fetch', () => this.bus.deliver(max)).catch(() => ({
        streamId: '',
        entries: [],
      }));
      if (entries.length > 0) yield entries.map((entry) => this.toDelivery(streamId, entry));
      else await this.bus.news(signal);
    }
  }

  lag(): Promise<number> {
    return this.wire('lag', () => this.bus.lag);
  }

  private toDelivery(streamId: string, { stored, attempt }: { stored: Stored; attempt: number }): Delivery {
    const tell = (word: string, change: () => Partial<Stored>) => {
      const settle = () => this.bus.settle(streamId, stored, change());
      void this.wire(`${word} ${stored.message.id}`, settle).catch(() => undefined);
    };
    return {
      message: stored.message,
      address: `${streamId}/${stored.sequence}`,
      attempt,
      ack: () => tell('ack', () => ({ acked: true })),
      nak: (delayMs) => tell('nak', () => ({ dueAt: performance.now() + delayMs })),
      working: () => tell('working', () => ({ dueAt: performance.now() + ACK_WAIT_MS })),
    };
  }
}
