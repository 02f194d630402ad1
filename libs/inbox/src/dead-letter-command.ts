import { databaseUrl, type PostgresSettings } from '@orders/postgres';
import { Pace } from '@orders/resilience';
import { CliError, type Command, loadConfig, parseCli, rateOf, UsageError } from '@orders/service';
import type { DataSource } from 'typeorm';
import { z } from 'zod';
import { type DeadLetterFilter, findDeadLetter, selectDeadLetters } from './dead-letter-reads.js';
import { type Desk, listDeadLetters, showDeadLetter } from './dead-letter-views.js';
import type { EventHandler } from './event-handler.js';
import { InboxHandlers } from './inbox-handlers.js';
import { discard, redrive } from './redrive.js';

const USAGE = `dlq ACTION: dead letters, the events that this app could not take
  dlq list                        what waits, by consumer, error and schema version
  dlq show ID                     all that is known of one
  dlq redrive ID…                 try again; or instead of ids:
      --consumer NAME             those of a consumer
      --error TEXT                those whose error has this text in it
      --all                       all that wait
      --rate PER_SECOND           at most (default: 50)
      --dry-run                   try it and roll it back
  dlq discard ID --reason TEXT    give one up`;

export interface DeadLetterCommandOptions {
  /** The app, which is the consumer. */
  name: string;
  /** The app's database with these settings, not connected yet. */
  dataSource: (settings: PostgresSettings) => DataSource;
  handlers: readonly EventHandler[];
}

/** The command `dlq` of an app: for operators, on its database. */
export function deadLetterCommand({ name, dataSource, handlers }: DeadLetterCommandOptions): Command {
  const consumers = new Map([[name, new InboxHandlers(name, handlers)]]);
  return {
    name: 'dlq',
    usage: USAGE,
    run: async (args, cli) => {
      const config = loadConfig(z.object({ DATABASE_URL: databaseUrl() }));
      const db = dataSource({ url: config.databaseUrl, poolMax: 1, applicationName: `${name}-cli` });
      await db.initialize();
      try {
        return await deadLetters(args, { ...cli, db, consumers });
      } finally {
        await db.destroy();
      }
    },
  };
}

/** Lists, shows, redrives or discards dead letters. */
export async function deadLetters(args: string[], desk: Desk): Promise<number> {
  const { values, positionals } = parseCli({
    args,
    allowPositionals: true,
    options: {
      consumer: { type: 'string' },
      error: { type: 'string' },
      rate: { type: 'string', default: '50' },
      'dry-run': { type: 'boolean', default: false },
      all: { type: 'boolean', default: false },
      reason: { type: 'string' },
    },
  });
  const [action, ...given] = positionals;
  const ids = given.map(toId);
  switch (action) {
    case 'list':
      return listDeadLetters(desk);
    case 'show':
      return showDeadLetter(onlyOne(ids), desk);
    case 'redrive': {
      const { consumer, error, all } = values;
      const filter = { ...(ids[0] && { ids }), ...(consumer && { consumer }), ...(error && { error }) };
      if (!all && Object.keys(filter).length === 0)
        throw new UsageError('Say which: ids, --consumer, --error, or --all, first with --dry-run');
      return redriveAll(filter, { rate: rateOf('rate', values.rate), dryRun: values['dry-run'] }, desk);
    }
    case 'discard':
      return discardOne(onlyOne(ids), values.reason?.trim() ?? '', desk);
    default:
      throw new UsageError(`${action ?? 'nothing'}: one of list, show, redrive, discard`);
  }
}

async function redriveAll(
  filter: DeadLetterFilter,
  { rate, dryRun }: { rate: number; dryRun: boolean },
  { db, consumers, print, progress, signal, operator }: Desk,
): Promise<number> {
  for (const id of filter.ids ?? []) await assertKnown(id, db);
  const ids = await selectDeadLetters(db, filter);
  const pace = new Pace(rate);
  const counts = { applied: 0, duplicate: 0, failed: 0, skipped: 0 };
  let done = 0;
  for (const id of ids) {
    await pace.take(1, signal);
    if (signal.aborted) break;
    const outcome = await redrive(id, { db, consumers, operator, dryRun });
    counts[outcome.result] += 1;
    if (outcome.result === 'failed') {
      progress.end();
      print(`${id}: ${outcome.error}`);
    }
    progress.show(`${(done += 1)} of ${ids.length}`);
  }
  progress.end();
  const { applied, duplicate, failed, skipped } = counts;
  print(
    `${dryRun ? 'dry run, nothing changed: ' : ''}${ids.length} letters: ${applied} applied, ` +
      `${duplicate} had taken effect before, ${failed} failed, ${skipped} skipped`,
  );
  return failed > 0 ? 1 : 0;
}

async function discardOne(id: string, reason: string, { db, operator, print }: Desk): Promise<number> {
  if (reason === '') throw new UsageError('Say why: --reason "…"; it is kept in the audit');
  if (!(await discard(db, id, { operator, reason })))
    throw new CliError(`No letter ${id} is waiting: dlq list shows those that are.`);
  print(`${id} discarded`);
  return 0;
}

async function assertKnown(id: string, db: Desk['db']): Promise<void> {
  if (!(await findDeadLetter(db, id)))
    throw new CliError(`no dead letter ${id}: dlq list shows those that wait`);
}

function onlyOne(ids: readonly string[]): string {
  const [id] = ids;
  if (id === undefined || ids.length > 1) throw new UsageError('Name one letter by its id: see dlq list');
  return id;
}

/** A number that fits Postgres's bigint. */
function toId(text: string): string {
  if (!/^\d{1,18}$/.test(text)) throw new UsageError(`"${text}" is no id of a letter: a whole number`);
  return text;
}
