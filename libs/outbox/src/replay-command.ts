import { replaySubject, streamOf } from '@orders/contracts';
import {
  askNats,
  consumerNames,
  declaredStream,
  type EventPublisher,
  JetStreamPublisher,
  natsConfig,
  oneNatsUser,
  SILENT,
  streamConfig,
  streamSettings,
  withNats,
} from '@orders/messaging';
import { commandDatabaseConfig, type PostgresSettings, type Queryable, withDatabase } from '@orders/postgres';
import { Pace } from '@orders/resilience';
import {
  type Cli,
  CliError,
  type Command,
  loadConfig,
  parseCli,
  rateOf,
  readTls,
  UsageError,
} from '@orders/service';
import { randomUUID } from 'node:crypto';
import type { DataSource } from 'typeorm';
import { z } from 'zod';
import type { LogPosition } from './outbox-log.js';
import { REPLAY_RIGHTS } from './outbox-rights.js';
import { countReplay, LOG_START, replay, type ReplayRange } from './outbox-replay.js';

const usageFor = (events: readonly string[]) => `replay --since TIME [options]: publishes kept events again
  --since TIME       those recorded at or after this time; with a zone: 2026-11-22T10:00:00Z
  --until TIME       and before this time (default: now)
  --subject TYPE     only those of this type: ${events.join(' or ')}
  --to CONSUMER      only to this consumer (default: to every consumer)
  --rate PER_SECOND  at most this many a second (default: 2000)
  --after POSITION   continue after the position that an interrupted replay printed
  --dry-run          only count them (default, unless --yes)
  --yes              publish them`;

export interface ReplayCommandOptions {
  /** The app, which is the producer. */
  name: string;
  /** Creates the data source of the app's database, not connected yet. */
  dataSource: (settings: PostgresSettings) => DataSource;
  /** Types of the events that the app publishes; at least one, all of the same stream. */
  events: readonly string[];
}

/** The operators' command `replay`: publishes events from the app's outbox log to its stream again. */
export function replayCommand({ name, dataSource, events }: ReplayCommandOptions): Command {
  return {
    name: 'replay',
    usage: usageFor(events),
    run: async (args, cli) => {
      const request = replayRequest(args, events, new Date());
      const variables = { ...commandDatabaseConfig, ...natsConfig, ...streamConfig };
      const config = loadConfig(z.object(variables).superRefine(oneNatsUser));
      const applicationName = `${name}-cli`;
      const tls = await readTls(config);
      const db = dataSource({ url: config.databaseUrl, tls, poolMax: 1, applicationName });
      const declared = { stream: streamOf(events[0]!), settings: streamSettings(config) };
      const expectations = { durability: config.postgresDurability, rights: REPLAY_RIGHTS };
      return withNats({ config, tls, name: applicationName }, (link) => {
        const stream = declaredStream({ ...declared, link, logger: SILENT });
        const tools = {
          ...cli,
          ...{ db, consumers: () => consumerNames(link, stream) },
          publisher: new JetStreamPublisher(link, stream),
        };
        return withDatabase(db, expectations, () => replayEvents(request, tools));
      });
    },
  };
}

export interface ReplayRequest {
  readonly range: ReplayRange;
  readonly after: LogPosition;
  /** The only consumer to publish to; undefined = every consumer. */
  readonly to: string | undefined;
  /** Most events a second. */
  readonly rate: number;
  readonly dryRun: boolean;
}

/**
 * Parses the arguments of the command.
 *
 * @throws {UsageError} when an argument is missing, unknown or invalid
 */
export function replayRequest(args: string[], events: readonly string[], now: Date): ReplayRequest {
  const text = { type: 'string' } as const;
  const flag = { type: 'boolean', default: false } as const;
  const { values } = parseCli({
    args,
    options: {
      ...{ since: text, until: text, subject: text, to: text, after: text },
      ...{ rate: { ...text, default: '2000' }, 'dry-run': flag, yes: flag },
    },
  });
  const { subject, to, rate, yes, after } = values;
  if (values.since === undefined) throw new UsageError('--since is missing');
  if (subject !== undefined && !events.includes(subject))
    throw new UsageError(`--subject ${subject}: one of ${events.join(', ')}`);
  if (to !== undefined && !/^[\w-]+$/.test(to)) throw new UsageError(`--to ${to}: the name of a consumer`);
  const since = toTime('--since', values.since);
  const until = values.until === undefined ? now : toTime('--until', values.until);
  if (since >= until) throw new UsageError('--since must be before --until, which is now by default');
  return {
    range: { since, until, subject },
    ...{ after: after === undefined ? LOG_START : toPosition(after), to, rate: rateOf('rate', rate) },
    dryRun: !yes || values['dry-run'],
  };
}

export type ReplayTools = Pick<Cli, 'print' | 'progress' | 'signal'> & {
  db: Queryable;
  publisher: EventPublisher;
  /** The names of the stream's durable consumers. */
  consumers: () => Promise<string[]>;
};

/**
 * Publishes the requested events again; a dry run only counts them.
 *
 * @returns the exit code
 * @throws {CliError} when NATS is unreachable, the consumer does not exist, or the replay stops
 */
export async function replayEvents(request: ReplayRequest, tools: ReplayTools): Promise<number> {
  const { range, after, to, rate, dryRun } = request;
  const { db, publisher, print, progress, signal } = tools;
  if (to !== undefined) await assertConsumer(to, tools);
  const { events, oldest, newest } = await countReplay(db, range, after);
  const between = oldest && newest ? `, recorded ${oldest.toISOString()} to ${newest.toISOString()}` : '';
  print(`${events} events${between}, to ${to ?? 'every consumer'}, at most ${rate} a second`);
  if (dryRun) print('dry run, nothing published: add --yes to do it');
  if (dryRun || events === 0) return 0;
  // When NATS cannot be used, the operator gets one line before anything has begun.
  await askNats(() => publisher.state());
  let position = after;
  try {
    const published = await replay({
      ...{ db, publisher, range, after, signal, run: randomUUID(), pace: new Pace(rate) },
      subjectOf: ({ subject }) => (to === undefined ? subject : replaySubject(to, subject)),
      // Small enough for an even flow at low rates.
      batchSize: Math.max(1, Math.min(256, Math.ceil(rate / 10))),
      onProgress: (done, reached) => {
        position = reached;
        progress.show(`${done} of ${events}, --after ${positionText(reached)}`);
      },
    });
    progress.end();
    print(`${published} of ${events} events published${signal.aborted ? continueHint(range, position) : ''}`);
    return 0;
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new CliError(`The replay stopped (${why})${continueHint(range, position)}`, 1, { cause });
  }
}

async function assertConsumer(name: string, { consumers }: ReplayTools): Promise<void> {
  const names = await askNats(consumers);
  if (!names.includes(name))
    throw new CliError(`--to ${name}: there is no such consumer, only ${names.join(', ') || 'none'}.`);
}

function continueHint({ until }: ReplayRange, position: LogPosition): string {
  return `; to continue, repeat it with --until ${until.toISOString()} --after ${positionText(position)}`;
}

function positionText({ tx, position }: LogPosition): string {
  return `${tx}/${position}`;
}

function toPosition(text: string): LogPosition {
  const [, tx, position] = /^(\d{1,19})\/(\d{1,18})$/.exec(text) ?? [];
  if (tx === undefined || position === undefined)
    throw new UsageError(`--after ${text}: a position as an interrupted replay prints it, such as 812/40023`);
  return { tx, position };
}

/** With a zone, so that it means the same time everywhere. */
const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:?\d\d)$/;

function toTime(option: string, text: string): Date {
  const time = new Date(text);
  if (!TIME.test(text) || Number.isNaN(time.getTime()))
    throw new UsageError(`${option} ${text}: a time with its zone, such as 2026-11-22T10:00:00Z`);
  return time;
}
