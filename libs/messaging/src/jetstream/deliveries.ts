import type { ConsumerMessages, JsMsg } from '@nats-io/jetstream';
import { ClosedConnectionError, type MsgHdrs } from '@nats-io/transport-node';
import { WakeUp } from '@orders/resilience';
import type { Delivery } from '../message.js';

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
  const alive = setInterval(() => {
    if (interruption.aborted) return;
    for (const message of [...reading, ...received]) sayIfOpen(() => message.working());
  }, aliveMs);
  const wakeUp = new WakeUp();
  let open = true;
  /** So many wake the reader. */
  let wanted = 1;
  const receive = async () => {
    for await (const message of pull) {
      if (wants(message.subject)) received.push(message);
      else if (!interruption.aborted) sayIfOpen(() => message.ack());
      if (received.length >= wanted) wakeUp.wake();
    }
  };
  const ended = Promise.allSettled([receive()]).then(([result]) => {
    open = false;
    wakeUp.wake();
    return result;
  });
  const never = new AbortController().signal;
  try {
    while (open || received.length > 0) {
      wanted = 1;
      if (received.length === 0) await wakeUp.wait(PULL_MS, never);
      wanted = max;
      if (inBursts && open && received.length < max) await wakeUp.wait(lingerMs, never);
      reading = received.splice(0, max);
      inBursts = reading.length > 1;
      if (signal.aborted) reading.forEach((message) => message.nak(PULL_MS));
      else if (reading.length > 0) yield reading;
    }
  } finally {
    clearInterval(alive);
  }
  const result = await ended;
  if (result.status === 'rejected') throw result.reason;
}

/**
 * A message as its reader has it. After an interruption nothing is said of it any more: an ack names a place in the stream, and in a stream made anew
 * another event is there.
 */
export function toDelivery(message: JsMsg, interruption: AbortSignal): Delivery {
  const tell = (word: () => void) => {
    if (!interruption.aborted) sayIfOpen(word);
  };
  const headers: Record<string, string> = {};
  // Not by `get`, which looks through all of them.
  for (const [name, [value = '']] of message.headers ?? []) headers[name] = value;
  return {
    message: { id: eventIdOf(message.headers), subject: message.subject, headers, body: message.string() },
    address: `${message.info.stream}/${message.seq}`,
    attempt: message.info.deliveryCount,
    ack: () => tell(() => message.ack()),
    nak: (delayMs) => tell(() => message.nak(delayMs)),
    working: () => tell(() => message.working()),
  };
}

/** A replay has a message id of its own; the event keeps its id. */
export function eventIdOf(headers: MsgHdrs | undefined): string {
  return headers?.get('ce-id') || headers?.get('Nats-Msg-Id') || '';
}

/** What the server does not hear it takes for silence: it delivers again after the ack wait. */
function sayIfOpen(word: () => void): void {
  try {
    word();
  } catch (error) {
    if (!(error instanceof ClosedConnectionError)) throw error;
  }
}
