import type { ConsumerMessages, JsMsg } from '@nats-io/jetstream';
import { ClosedConnectionError } from '@nats-io/transport-node';
import { WakeUp } from '@orders/resilience';
import type { Delivery, Message } from '../message.js';
import { readHeaders } from './nats-headers.js';

/** How long one pull stays open, in ms: the shortest time that the client allows. */
export const PULL_MS = 1_000;

export interface BatchOptions {
  /** Most messages in a batch. */
  readonly max: number;
  /** True when the reader wants this subject. Other messages are acked without being read. */
  readonly wants: (subject: string) => boolean;
  /** True when the previous batch had several messages: then the next message is likely to come in a burst too. */
  readonly inBursts: boolean;
  /** How long the first message of a burst waits for the others, in ms. */
  readonly lingerMs: number;
  /** Time between two in-progress signals to the server, in ms. */
  readonly progressMs: number;
  /** Aborts when reading has to stop. */
  readonly signal: AbortSignal;
  /** Aborts when the connection is lost. */
  readonly connectionLost: AbortSignal;
}

/**
 * Yields the messages of one pull in batches of up to `max`. The messages of a burst do not arrive all at once. So
 * after a batch of several messages the next batch waits `lingerMs`, and the burst becomes one batch; after a single
 * message the next batch is yielded at once. After `signal` aborts, messages are returned to the server, for other
 * replicas. Every `progressMs` the server is told that the reader's messages, and those buffered for it, are in
 * progress.
 */
export async function* readBatches(
  pull: ConsumerMessages,
  { max, wants, inBursts, lingerMs, progressMs, signal, connectionLost }: BatchOptions,
): AsyncIterable<JsMsg[]> {
  const buffered: JsMsg[] = [];
  let batch: JsMsg[] = [];
  using _progress = setInterval(() => {
    for (const message of [...batch, ...buffered]) respond(() => message.working(), connectionLost);
  }, progressMs);
  const wakeUp = new WakeUp();
  let open = true;
  /** The reader is woken when this many messages are buffered. */
  let wakeAt = 1;
  const receive = async () => {
    for await (const message of pull) {
      if (wants(message.subject)) buffered.push(message);
      else respond(() => message.ack(), connectionLost);
      if (buffered.length >= wakeAt) wakeUp.wake();
    }
  };
  const ended = receive().finally(() => {
    open = false;
    wakeUp.wake();
  });
  // An error is thrown at the end, after the messages received before it have been read.
  ended.catch(() => undefined);
  const never = new AbortController().signal;
  while (open || buffered.length > 0) {
    wakeAt = 1;
    if (buffered.length === 0) await wakeUp.wait(PULL_MS, never);
    wakeAt = max;
    if (inBursts && open && buffered.length < max) await wakeUp.wait(lingerMs, never);
    batch = buffered.splice(0, max);
    inBursts = batch.length > 1;
    if (signal.aborted) for (const message of batch) respond(() => message.nak(PULL_MS), connectionLost);
    else if (batch.length > 0) yield batch;
  }
  await ended;
}

/** A delivered message. Once the connection is lost, `ack`, `nak` and `working` do nothing. */
export class JetStreamDelivery implements Delivery {
  readonly message: Message;

  constructor(
    private readonly received: JsMsg,
    private readonly connectionLost: AbortSignal,
  ) {
    const headers = headersOf(received);
    this.message = {
      id: eventIdOf((name) => headers[name]),
      subject: received.subject,
      headers,
      body: received.string(),
    };
  }

  get address(): string {
    return addressOf(this.received.info.stream, this.received.seq);
  }

  get attempt(): number {
    return this.received.info.deliveryCount;
  }

  ack(): void {
    respond(() => this.received.ack(), this.connectionLost);
  }

  nak(delayMs: number): void {
    respond(() => this.received.nak(delayMs), this.connectionLost);
  }

  working(): void {
    respond(() => this.received.working(), this.connectionLost);
  }
}

/**
 * The id of an event. A replay has a new message id, but the event keeps its id.
 *
 * @param header returns the header of this name
 * @returns empty when the message has no id
 */
export function eventIdOf(header: (name: string) => string | undefined): string {
  return header('ce-id') || header('Nats-Msg-Id') || '';
}

/** Where a message is stored. */
export function addressOf(stream: string, sequence: number): string {
  return `${stream}/${sequence}`;
}

/**
 * Reads the headers from the raw bytes. For each header the client's own parser looks through all headers before it:
 * more work than everything else that is done with an event. The bytes are a private field of nats-core, whose
 * version is pinned by those of jetstream and transport-node. They stay where they are until somebody changes these
 * versions; then `jetstream-source.it.ts` fails.
 */
function headersOf(message: JsMsg): Message['headers'] {
  const {
    _rdata: bytes,
    _msg: { hdr },
  } = (message as unknown as { msg: Received }).msg;
  return hdr > 0 ? readHeaders(bytes.subarray(0, hdr)) : {};
}

/** What the client has received: headers and body, and where the body begins (at most 0 without headers). */
interface Received {
  readonly _rdata: Uint8Array;
  readonly _msg: { readonly hdr: number };
}

/**
 * Sends an ack, nak or in-progress signal, unless the connection was lost: an ack names a sequence of the stream, and
 * in a recreated stream that is another event. Without a signal the server redelivers the message after the ack wait.
 */
function respond(send: () => void, connectionLost: AbortSignal): void {
  if (connectionLost.aborted) return;
  try {
    send();
  } catch (error) {
    if (!(error instanceof ClosedConnectionError)) throw error;
  }
}
