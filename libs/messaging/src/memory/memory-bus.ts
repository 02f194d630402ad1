import { WakeUp } from '@orders/resilience';
import {
  type Delivery,
  EventPublisher,
  EventSource,
  type Message,
  type Receipt,
  type StreamState,
} from '../message.js';

interface Stored {
  readonly message: Message;
  readonly sequence: number;
  attempt: number;
  state: 'waiting' | 'open' | 'acked';
  /** Time of the earliest delivery, by `performance.now()`. */
  notBefore: number;
}

/**
 * An in-memory bus with one durable consumer, for tests and for a first look without a server. It keeps every message,
 * detects duplicates without a time limit, and loses everything when the process ends.
 */
export class MemoryBus extends EventPublisher {
  private readonly stored = new Map<string, Stored>();
  private readonly wakeUp = new WakeUp();
  /** The only consumer of this bus. */
  readonly source: EventSource = new MemorySource(this.stored, this.wakeUp);

  publish(message: Message): Promise<Receipt> {
    const key = message.id === '' ? `${this.stored.size}` : message.id;
    const known = this.stored.get(key);
    if (known) return Promise.resolve({ sequence: known.sequence, duplicate: true });
    const sequence = this.stored.size + 1;
    this.stored.set(key, { message, sequence, attempt: 0, state: 'waiting', notBefore: 0 });
    this.wakeUp.wake();
    return Promise.resolve({ sequence, duplicate: false });
  }

  state(): Promise<StreamState> {
    return Promise.resolve({
      id: 'memory',
      firstSequence: 1,
      firstTime: this.stored.size > 0 ? new Date(0) : undefined,
      lastSequence: this.stored.size,
      gaps: [],
      keepsForMs: Infinity,
    });
  }

  idAt(sequence: number): Promise<string | undefined> {
    return Promise.resolve(this.messages[sequence - 1]?.id);
  }

  /** All stored messages, in stream order. */
  get messages(): Message[] {
    return [...this.stored.values()].map(({ message }) => message);
  }
}

class MemorySource extends EventSource {
  constructor(
    private readonly stored: ReadonlyMap<string, Stored>,
    private readonly wakeUp: WakeUp,
  ) {
    super();
  }

  async *batches(max: number, signal: AbortSignal): AsyncIterable<Delivery[]> {
    // Redeliver what the previous reader left unsettled.
    for (const entry of this.stored.values()) if (entry.state === 'open') entry.state = 'waiting';
    while (!signal.aborted) {
      const now = performance.now();
      const waiting = [...this.stored.values()].filter(({ state }) => state === 'waiting');
      const due = waiting.filter(({ notBefore }) => notBefore <= now).slice(0, max);
      if (due.length > 0) {
        yield due.map((entry) => this.deliver(entry));
        continue;
      }
      const next = Math.min(...waiting.map(({ notBefore }) => notBefore), now + 60_000);
      await this.wakeUp.wait(next - now, signal);
    }
  }

  lag(): Promise<number> {
    return Promise.resolve([...this.stored.values()].filter(({ state }) => state !== 'acked').length);
  }

  private deliver(entry: Stored): Delivery {
    entry.state = 'open';
    entry.attempt += 1;
    return {
      message: entry.message,
      address: `memory/${entry.sequence}`,
      attempt: entry.attempt,
      ack: () => {
        entry.state = 'acked';
      },
      nak: (delayMs) => {
        entry.state = 'waiting';
        entry.notBefore = performance.now() + delayMs;
        this.wakeUp.wake();
      },
      working: () => undefined,
    };
  }
}
