import { setTimeout as delay } from 'node:timers/promises';
import { jetstreamManager, type JetStreamManager } from '@nats-io/jetstream';
import type { Consumer, Producer } from '@orders/dev/stack/event-flow';
import { connectNats } from '@orders/dev/stack/nats-access';
import type { Postgres } from '@orders/dev/stack/servers';
import type { System } from '@orders/dev/stack/system';
import { CONSUMERS, PRODUCERS, queries, takeCensus, type Census } from './census.ts';
import { unsettledPoison } from './reconcile-consumer.ts';

/** Work that makes progress may take as long as it needs; after this long without any it has failed. */
const NO_PROGRESS_MS = 30_000;

/** How far each log, stream and consumer has come, by name. */
export interface Progress {
  logs: Record<string, Log>;
  /** Number of messages in each stream. */
  streams: Record<string, number>;
  consumers: Record<string, ConsumerProgress>;
}

interface Log {
  stream: string;
  /** Number of events of each type. */
  events: Record<string, number>;
  /** Number of events not yet published. */
  pending: number;
}

interface ConsumerProgress {
  consumes: readonly string[];
  unread: number;
  /** Events counted by its effects; without a table of effects, the entries of its inbox. */
  applied: number;
  inbox: number;
  deadLetters: number;
}

export interface Drained {
  /** undefined when a server did not answer. */
  census: Census | undefined;
  /** The progress, or the error, that did not change any more; undefined when all was done. */
  stuck: string | undefined;
  ms: number;
}

/** Waits until every event of the logs is in its stream and has its effects, or nothing has changed for 30 s. */
export async function drain(system: System, signal: AbortSignal): Promise<Drained> {
  const began = performance.now();
  let movedAt = began;
  let before = '';
  for (;;) {
    signal.throwIfAborted();
    const progress = await readProgress(system);
    const now = JSON.stringify(progress);
    if (now !== before) movedAt = performance.now();
    before = now;
    const stuck = performance.now() - movedAt > NO_PROGRESS_MS;
    if (stuck || (typeof progress === 'object' && isDone(progress))) {
      const census = await takeCensus(system).catch(() => undefined);
      const ms = performance.now() - began;
      if (stuck) return { census, stuck: now, ms };
      if (census && isComplete(census)) return { census, stuck: undefined, ms };
    }
    await delay(150);
  }
}

/** Compares ids: the counts are cheap, but a duplicate could hide a missing event. */
function isComplete({ log, stream, consumers }: Census): boolean {
  return (
    log.every(({ id }) => stream.events.has(id)) &&
    consumers.every((consumer) => unsettledPoison(consumer, stream).length === 0)
  );
}

/** Whether there are as many messages and effects as the logs have events. */
export function isDone({ logs, streams, consumers }: Progress): boolean {
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

/** The error as text when a server does not answer just now. */
async function readProgress({ postgres, nats }: System): Promise<Progress | string> {
  const progress: Progress = { logs: {}, streams: {}, consumers: {} };
  try {
    const connection = await connectNats(nats.access, { reconnect: false, timeout: 2_000 });
    try {
      const manager = await jetstreamManager(connection);
      for (const producer of PRODUCERS) {
        progress.logs[producer.name] = await progressOfLog(postgres, producer);
        progress.streams[producer.stream] = (await manager.streams.info(producer.stream)).state.messages;
      }
      for (const consumer of CONSUMERS)
        progress.consumers[consumer.name] = await progressOf(consumer, { postgres, manager });
      return progress;
    } finally {
      await connection.close();
    }
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

async function progressOfLog({ url }: Postgres, { name, stream }: Producer): Promise<Log> {
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
): Promise<ConsumerProgress> {
  const applied =
    table === undefined ? 'count(*) FROM inbox' : `coalesce(sum(events_applied), 0) FROM ${table}`;
  const [[counts]] = await queries<[Pick<ConsumerProgress, 'applied' | 'inbox' | 'deadLetters'>]>(
    postgres.url(name),
    [
      `SELECT (SELECT ${applied})::int AS applied, (SELECT count(*)::int FROM inbox) AS inbox,
       (SELECT count(*)::int FROM dead_letter) AS "deadLetters"`,
    ],
  );
  let unread = 0;
  for (const stream of streams) {
    const { num_pending: waiting, num_ack_pending: delivered } = await manager.consumers.info(stream, name);
    unread += waiting + delivered;
  }
  return { consumes, unread, ...counts! };
}
