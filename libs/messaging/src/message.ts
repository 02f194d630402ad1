/** An event on its way: what the outbox log stores, the bus carries and a dead letter keeps. */
export interface Message {
  /** The event's id (UUIDv7): the key by which bus and inbox tell a repeat. */
  readonly id: string;
  /** Where it is published, for example `orders.created`. */
  readonly subject: string;
  readonly headers: Readonly<Record<string, string>>;
  /** UTF-8 text; JSON in all events of ours. */
  readonly body: string;
}

/** One message as a bus delivered it. Every delivery is settled exactly once, by `ack` or by `nak`. */
export interface Delivery {
  /** `id` is empty when the publisher gave none. */
  readonly message: Message;
  /** Where the bus stores it: the same at every delivery, different for every message. */
  readonly address: string;
  /** 1 at the first delivery. */
  readonly attempt: number;
  /** Done: never deliver it again. To be called after the effect is durable. */
  ack(): void;
  /** Not done: deliver it again, not before `delayMs`. */
  nak(delayMs: number): void;
  /** Still at it: do not take the silence for a failure. */
  working(): void;
}

/** Where the bus has stored a message. */
export interface Receipt {
  /** Grows with every message of the stream; a repeat has that of the first. */
  readonly sequence: number;
  /** True when the bus had the message already. */
  readonly duplicate: boolean;
}

/** What a stream is and how long; comparing two tells whether it has lost anything in between. */
export interface StreamState {
  /** Differs for a stream that was made anew. */
  readonly id: string;
  /** 0 when it never held anything. */
  readonly lastSequence: number;
}

/** The publishing side of a bus. */
export abstract class EventPublisher {
  /**
   * Resolves when the bus has stored the message; publishing the same id again within the bus's window stores
   * nothing and resolves too. Rejects when it is not stored or when that is unknown: repeat it with the same id.
   * Has a deadline of its own.
   */
  abstract publish(message: Message): Promise<Receipt>;

  /** The stream that takes the messages, made when it is missing. Rejects when it cannot be told. */
  abstract state(): Promise<StreamState>;

  /**
   * The id with which the message was published that the stream holds at this sequence; undefined when it holds none
   * there. Rejects when it cannot be told.
   */
  abstract idAt(sequence: number): Promise<string | undefined>;
}

/** The consuming side of a bus: one durable consumer. */
export abstract class EventSource {
  /**
   * Yields what there is, in stream order, 1 to `max` deliveries at a time, until `signal` aborts. A lost
   * connection, consumer or stream is waited for or made anew; it throws only when it reads for the wrong app. What the reader still has when it asks for the
   * next batch, or dies with, and has neither acked nor naked comes again; while it works on a batch nothing does.
   */
  abstract batches(max: number, signal: AbortSignal): AsyncIterable<Delivery[]>;
  /** Messages not yet acked: waiting to be delivered plus delivered and open. Rejects when it cannot be told. */
  abstract lag(): Promise<number>;
}

/** One event, and where the bus stores it. */
export interface EventPlace {
  /** Empty when the publisher gave none. */
  readonly id: string;
  readonly address: string;
}

/** What a consumer has settled: what has taken effect, and what is kept as a dead letter. */
export interface Settled {
  /**
   * When the newest event that has taken effect was made, by its id; the beginning of time when there is none. An id from
   * the future tells nothing: who made it had a clock that went wrong.
   */
  newest(): Promise<Date>;
  /** Are all of these settled? One whose id the inbox has forgotten by now is not. */
  all(events: readonly EventPlace[]): Promise<boolean>;
}
