/** An event as the outbox log stores it, the bus carries it and a dead letter keeps it. */
export interface Message {
  /** The event's id (UUIDv7). Bus and inbox detect duplicates by it. */
  readonly id: string;
  /** The subject that it is published to, for example `orders.created`. */
  readonly subject: string;
  readonly headers: Readonly<Record<string, string>>;
  /** UTF-8 text; JSON in all our events. */
  readonly body: string;
}

/** One message as a bus delivered it. Settle every delivery exactly once, by `ack` or by `nak`. */
export interface Delivery {
  /** Its `id` is empty when the publisher gave none. */
  readonly message: Message;
  /** Where the bus stores the message: the same at every redelivery, different for every message. */
  readonly address: string;
  /** 1 at the first delivery. */
  readonly attempt: number;
  /** Processed: never redeliver it. Call it after the effect is durable. */
  ack(): void;
  /** Not processed: redeliver it, after `delayMs` at the earliest. */
  nak(delayMs: number): void;
  /** Still in progress: restarts the ack wait, so that the message is not redelivered meanwhile. */
  working(): void;
}

/** What the bus answered to a publish. */
export interface Receipt {
  /**
   * Increases with every message that the stream stores. A duplicate gets the sequence of the first copy. 0 when the
   * bus named none: the message may not be stored.
   */
  readonly sequence: number;
  /**
   * False when the bus has stored the message now. True when it says that it had the message already: it may have lost
   * the first copy since, or never stored it.
   */
  readonly duplicate: boolean;
}

/** Sequences of a stream, both ends included. */
export interface SequenceRange {
  readonly from: number;
  readonly to: number;
}

/** What a stream holds. Two states, compared, show whether it lost messages in between. */
export interface StreamState {
  /** Changes when the stream is recreated. */
  readonly id: string;
  /** The sequence of the oldest message; when there is none, that of the next message. */
  readonly firstSequence: number;
  /** When the oldest message was stored, by the clock of the bus; undefined when there is none. */
  readonly firstTime: Date | undefined;
  /** The sequence of the newest message that was ever stored; 0 when there was none. */
  readonly lastSequence: number;
  /** Where the stream holds no message between its first and its last sequence; ascending, not adjacent. */
  readonly gaps: readonly SequenceRange[];
  /**
   * An intact stream still has each message this long after its receipt, in ms; a tenth of the real time is taken off,
   * because clocks differ. Infinity when messages never expire. 0 when the stream may drop them at any time: then
   * nothing that is missing shows a loss.
   */
  readonly keepsForMs: number;
}

/** The publishing side of a bus. */
export abstract class EventPublisher {
  /**
   * Resolves when the bus has stored the message. Publishing the same id again within the bus's duplicate window
   * stores nothing and resolves too, with a duplicate's receipt. Rejects when the message is not stored or when that is
   * unknown: publish it again with the same id. Has its own timeout.
   */
  abstract publish(message: Message): Promise<Receipt>;

  /**
   * The state of the stream that takes the messages. Creates the stream when it is missing. Rejects when the bus
   * cannot answer.
   */
  abstract state(): Promise<StreamState>;

  /**
   * The id under which the message at this sequence was published; undefined when the stream holds no message there.
   * Rejects when the bus cannot answer.
   */
  abstract idAt(sequence: number): Promise<string | undefined>;
}

/** The consuming side of a bus: one durable consumer. */
export abstract class EventSource {
  /**
   * Yields deliveries in stream order, 1 to `max` at a time, until `signal` aborts. It waits for a lost connection, and
   * recreates a lost consumer or stream. It throws only when the durable consumer belongs to another app. Deliveries
   * that are not settled are redelivered after the reader asks for the next batch or dies, but not while it works on
   * their batch.
   */
  abstract batches(max: number, signal: AbortSignal): AsyncIterable<Delivery[]>;
  /**
   * Messages not yet acked: those waiting for delivery plus those delivered and not settled. Rejects when the bus
   * cannot answer.
   */
  abstract lag(): Promise<number>;
}

/** An event, identified by its id and by where the bus stores it. */
export interface StoredEvent {
  /** Empty when the publisher gave none. */
  readonly id: string;
  readonly address: string;
}

/** What a consumer has settled: the events that have taken effect or are kept as dead letters. */
export interface SettledEvents {
  /**
   * When the newest event that has taken effect was created, according to its id; the epoch when there is none. Ids
   * from the future are ignored: the clock of their producer was wrong.
   */
  newestTime(): Promise<Date>;
  /** True when all of these events are settled. An event whose id the inbox has already forgotten is not. */
  areSettled(events: readonly StoredEvent[]): Promise<boolean>;
}
