import { setTimeout as delay } from 'node:timers/promises';
import { jetstreamManager } from '@nats-io/jetstream';
import { connect } from '@nats-io/transport-node';
import type { System } from '@orders/dev/stack/system';
import { queries, takeCensus, type Census } from './census.ts';

/** Work that goes on may take as long as it needs; work that stands still for so long has failed. */
const NO_PROGRESS_MS = 30_000;

interface Standing {
  orders: number;
  events: number;
  pending: number;
  messages: number;
  unread: number;
  effects: number;
  applied: number;
  inbox: number;
  letters: number;
}

export interface Drained {
  /** undefined when somebody could not even be asked. */
  census: Census | undefined;
  /** What still was to be done when nothing moved any more; undefined when all was done. */
  stuck: string | undefined;
  ms: number;
}

/** Waits until every event of the log is in the stream and has had its effect, or nothing moves any more. */
export async function drain(system: System, signal: AbortSignal): Promise<Drained> {
  const began = performance.now();
  let movedAt = began;
  let before = '';
  for (;;) {
    signal.throwIfAborted();
    const standing = await stand(system);
    const now = JSON.stringify(standing);
    if (now !== before) movedAt = performance.now();
    before = now;
    const stuck = performance.now() - movedAt > NO_PROGRESS_MS;
    if (stuck || (typeof standing === 'object' && isDone(standing))) {
      const census = await takeCensus(system).catch(() => undefined);
      const ms = performance.now() - began;
      if (stuck) return { census, stuck: now, ms };
      if (census && isComplete(census)) return { census, stuck: undefined, ms };
    }
    await delay(150);
  }
}

/** The counts are cheap, but duplicates could make up for what is missing. */
function isComplete({ outbox, stream, deadLetters }: Census): boolean {
  const addresses = new Set(deadLetters.map(({ address }) => address));
  return (
    outbox.every(({ event }) => stream.events.has(event)) &&
    stream.poison.every((sequence) => addresses.has(`ORDERS/${sequence}`))
  );
}

function isDone({ events, pending, messages, unread, applied }: Standing): boolean {
  return pending === 0 && unread === 0 && messages >= events && applied >= events;
}

/** Where everything stands; a text when somebody cannot be asked just now. */
async function stand(system: System): Promise<Standing | string> {
  try {
    const [[orders], [effects], stream] = await Promise.all([
      queries(system.postgres.url('orders'), [
        `SELECT (SELECT count(*)::int FROM orders) AS orders, (SELECT count(*)::int FROM outbox) AS events,
           (SELECT count(*)::int FROM outbox, outbox_cursor AS c
            WHERE (outbox.tx, outbox.position) > (c.tx, c.position)) AS pending`,
      ]),
      queries(system.postgres.url('fulfillment'), [
        `SELECT count(*)::int AS effects, coalesce(sum(events_applied), 0)::int AS applied,
           (SELECT count(*)::int FROM inbox) AS inbox, (SELECT count(*)::int FROM dead_letter) AS letters
         FROM shipments`,
      ]),
      standingOfStream(system.nats.url),
    ]);
    return { ...(orders?.[0] as object), ...(effects?.[0] as object), ...stream } as Standing;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

async function standingOfStream(url: string): Promise<{ messages: number; unread: number }> {
  const connection = await connect({ servers: url, reconnect: false, timeout: 2_000 });
  try {
    const manager = await jetstreamManager(connection);
    const { messages } = (await manager.streams.info('ORDERS')).state;
    const consumer = await manager.consumers.info('ORDERS', 'fulfillment');
    return { messages, unread: consumer.num_pending + consumer.num_ack_pending };
  } finally {
    await connection.close();
  }
}
