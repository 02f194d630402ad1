import { setTimeout as delay } from 'node:timers/promises';
import { jetstreamManager, type JetStreamManager } from '@nats-io/jetstream';
import { connect } from '@nats-io/transport-node';
import type { Consumer, Producer } from '@orders/dev/stack/event-flow';
import type { Postgres } from '@orders/dev/stack/servers';
import type { System } from '@orders/dev/stack/system';
import { CONSUMERS, PRODUCERS, queries, takeCensus, type Census } from './census.ts';
import { unsettledPoison } from './reconcile-consumer.ts';

/** Work that goes on may take as long as it needs; work that stands still for so long has failed. */
const NO_PROGRESS_MS = 30_000;

/** Where everything stands, by name. */
export interface Standing {
  logs: Record<string, Log>;
  /** Messages in each. */
  streams: Record<string, number>;
  consumers: Record<string, Progress>;
}

interface Log {
  stream: string;
  /** How many of each type. */
  events: Record<string, number>;
  /** Not yet published. */
  pending: number;
}

interface Progress {
  consumes: readonly string[];
  unread: number;
  /** Events that its effects count; without a table of effects, those of its inbox. */
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

/** Waits until every event of the logs is in its stream and has had its effects, or nothing moves any more. */
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
function isComplete({ log, stream, consumers }: Census): boolean {
  return (
    log.every(({ id }) => stream.events.has(id)) &&
    consumers.every((consumer) => unsettledPoison(consumer, stream).length === 0)
  );
}

/** Whether there are as many messages and effects as the logs have events. */
export function isDone({ logs, streams, consumers }: Standing): boolean {
  const counts = Object.values(logs).flatMap(({ events }) => Object.entries(events));
  const logged = (isWanted: (type: string) => boolean): number =>
    counts.reduce((sum, [type, count]) => sum + (isWanted(type) ? count : 0), 0);
  return (
    Object.values(logs).every(
      ({ stream, events, pending }) =>
        pending === 0 && (streams[stream] ?? 0) >= logged((type) => type in events),
    ) &&
    Object.values(consumers).every(
      ({ consumes, unread, applied }) => unread === 0 && applied >= logged((type) => consumes.includes(type)),
    )
  );
}

/** A text when somebody cannot be asked just now. */
async function stand({ postgres, nats }: System): Promise<Standing | string> {
  const standing: Standing = { logs: {}, streams: {}, consumers: {} };
  try {
    const connection = await connect({ servers: nats.url, reconnect: false, timeout: 2_000 });
    try {
      const manager = await jetstreamManager(connection);
      for (const producer of PRODUCERS) {
        standing.logs[producer.name] = await standingOfLog(postgres, producer);
        standing.streams[producer.stream] = (await manager.streams.info(producer.stream)).state.messages;
      }
      for (const consumer of CONSUMERS)
        standing.consumers[consumer.name] = await progressOf(consumer, { postgres, manager });
      return standing;
    } finally {
      await connection.close();
    }
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

async function standingOfLog({ url }: Postgres, { name, stream }: Producer): Promise<Log> {
  const [events, [behind]] = await queries<[{ type: string; count: number }, { pending: number }]>(
    url(name),
    [
      'SELECT subject AS type, count(*)::int FROM outbox GROUP BY subject ORDER BY subject',
      `SELECT count(*)::int AS pending FROM outbox, outbox_cursor AS c
     WHERE (outbox.tx, outbox.position) > (c.tx, c.position)`,
    ],
  );
  return {
    stream,
    events: Object.fromEntries(events.map(({ type, count }) => [type, count])),
    pending: behind?.pending ?? 0,
  };
}

async function progressOf(
  { name, consumes, streams, table }: Consumer,
  { postgres, manager }: { postgres: Postgres; manager: JetStreamManager },
): Promise<Progress> {
  const applied =
    table === undefined ? 'count(*) FROM inbox' : `coalesce(sum(events_applied), 0) FROM ${table}`;
  const [[counts]] = await queries<[Pick<Progress, 'applied' | 'inbox' | 'letters'>]>(postgres.url(name), [
    `SELECT (SELECT ${applied})::int AS applied, (SELECT count(*)::int FROM inbox) AS inbox,
       (SELECT count(*)::int FROM dead_letter) AS letters`,
  ]);
  let unread = 0;
  for (const stream of streams) {
    const { num_pending: waiting, num_ack_pending: delivered } = await manager.consumers.info(stream, name);
    unread += waiting + delivered;
  }
  return { consumes, unread, ...counts! };
}
