import type { ConsumerMessages, JsMsg } from '@nats-io/jetstream';
import { ClosedConnectionError } from '@nats-io/transport-node';
import { WakeUp } from '@orders/resilience';
import type { Delivery, Message } from '../message.js';
import { readHeaders } from './nats-headers.js';

/** How long one pull stays open, in ms; the least that the client allows. */
export const PULL_MS = 1_000;

export interface Reading {
  /** Messages at a time. */
  readonly max: number;
  /** Is this subject for the reader? What is not is acked unseen. */
  readonly wants: (subject: string) => boolean;
  /** Have several come together the last time? Then the next ones are not alone either. */
  readonly inBursts: boolean;
  /** How long the first one of several waits for the others, in ms. */
  readonly lingerMs: number;
  /** Between two words to the server that the work goes on, in ms. */
  readonly aliveMs: number;
  /** Aborts when nothing more is to be read. */
  readonly signal: AbortSignal;
  /** Aborts when the connection was lost. */
  readonly interruption: AbortSignal;
}

/**
 * What has arrived by now, up to `max` at a time. Events come in bursts, but not in one piece: after a batch of several
 * the next one waits a moment, so that a burst is one batch; after one that came alone it goes at once. What arrives
 * after the signal aborted is handed back to other replicas. Every `aliveMs` the server is told that what the reader has,
 * and what waits for the reader, is being worked on.
 */
export async function* inBatches(
  pull: ConsumerMessages,
  { max, wants, inBursts, lingerMs, aliveMs, signal, interruption }: Reading,
): AsyncIterable<JsMsg[]> {
  const received: JsMsg[] = [];
  let reading: JsMsg[] = [];
  using _alive = setInterval(() => {
    for (const message of [...reading, ...received]) say(() => message.working(), interruption);
  }, aliveMs);
  const wakeUp = new WakeUp();
  let open = true;
  /** So many wake the reader. */
  let wanted = 1;
  const receive = async () => {
    for await (const message of pull) {
      if (wants(message.subject)) received.push(message);
      else say(() => message.ack(), interruption);
      if (received.length >= wanted) wakeUp.wake();
    }
  };
  const ended = receive().finally(() => {
    open = false;
    wakeUp.wake();
  });
  // Heard of below, once what came before has been read.
  ended.catch(() => undefined);
  const never = new AbortController().signal;
  while (open || received.length > 0) {
    wanted = 1;
    if (received.length === 0) await wakeUp.wait(PULL_MS, never);
    wanted = max;
    if (inBursts && open && received.length < max) await wakeUp.wait(lingerMs, never);
    reading = received.splice(0, max);
    inBursts = reading.length > 1;
    if (signal.aborted) for (const message of reading) say(() => message.nak(PULL_MS), interruption);
    else if (reading.length > 0) yield reading;
  }
  await ended;
}

/** A message as its reader has it. After an interruption nothing is said of it any more. */
export class JetStreamDelivery implements Delivery {
  readonly message: Message;

  constructor(
    private readonly received: JsMsg,
    private readonly interruption: AbortSignal,
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
    say(() => this.received.ack(), this.interruption);
  }

  nak(delayMs: number): void {
    say(() => this.received.nak(delayMs), this.interruption);
  }

  working(): void {
    say(() => this.received.working(), this.interruption);
  }
}

/**
 * The id of an event: a replay has a message id of its own, the event keeps its id.
 *
 * @param header reads one by its name
 * @returns empty when there is none
 */
export function eventIdOf(header: (name: string) => string | undefined): string {
  return header('ce-id') || header('Nats-Msg-Id') || '';
}

/** Where a message is stored. */
export function addressOf(stream: string, sequence: number): string {
  return `${stream}/${sequence}`;
}

/**
 * The client reads headers as well, and for each one looks through all before it: more work than all else that is done
 * with an event. So their bytes are read, which nats-core keeps to itself: its version is pinned by those of jetstream and
 * transport-node, so they stay where they are until somebody changes these; then `jetstream.it.ts` tells.
 */
function headersOf(message: JsMsg): Message['headers'] {
  const {
    _rdata: bytes,
    _msg: { hdr },
  } = (message as unknown as { msg: Received }).msg;
  return hdr > 0 ? readHeaders(bytes.subarray(0, hdr)) : {};
}

/** Of what the client has received, the headers and the body, and where the body begins; at most 0 without headers. */
interface Received {
  readonly _rdata: Uint8Array;
  readonly _msg: { readonly hdr: number };
}

/**
 * Says what becomes of a message; nothing after an interruption: an ack names a place in the stream, and in a stream made
 * anew another event is there. What the server does not hear it takes for silence: it delivers again after the ack wait.
 */
function say(word: () => void, interruption: AbortSignal): void {
  if (interruption.aborted) return;
  try {
    word();
  } catch (error) {
    if (!(error instanceof ClosedConnectionError)) throw error;
  }
}
