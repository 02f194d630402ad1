import { commandDatabaseConfig, type PostgresSettings, type Rights, withDatabase } from '@orders/postgres';
import { Pace } from '@orders/resilience';
import { CliError, type Command, loadConfig, parseCli, rateOf, readTls, UsageError } from '@orders/service';
import type { DataSource } from 'typeorm';
import { z } from 'zod';
import { type DeadLetterFilter, findDeadLetter, selectDeadLetters } from './dead-letter-reads.js';
import { type DeadLetterTools, listDeadLetters, showDeadLetter } from './dead-letter-views.js';
import type { EventHandler } from './event-handler.js';
import { InboxHandlers } from './inbox-handlers.js';
import { discard, redrive } from './redrive.js';

const USAGE = `dlq ACTION: dead letters, the events that this app could not process
  dlq list                        those that wait, by consumer, error and schema version
  dlq show ID                     everything about one
  dlq redrive ID…                 process them again; or instead of ids:
      --consumer NAME             those of this consumer
      --error TEXT                those whose error contains this text
      --all                       all that wait
      --rate PER_SECOND           at most this many a second (default: 50)
      --dry-run                   process them and roll back
  dlq discard ID --reason TEXT    give one up`;

export interface DeadLetterCommandOptions {
  /** The app, which is the consumer. */
  name: string;
  /** Creates the data source of the app's database, not connected yet. */
  dataSource: (settings: PostgresSettings) => DataSource;
  handlers: readonly EventHandler[];
  /** What the app's role must be allowed to do. */
  rights: Rights;
}

/** The operators' command `dlq`: lists and settles the dead letters in the app's database. */
export function deadLetterCommand({ name, dataSource, handlers, rights }: DeadLetterCommandOptions): Command {
  const consumers = new Map([[name, new InboxHandlers(name, handlers)]]);
  return {
    name: 'dlq',
    usage: USAGE,
    run: async (args, cli) => {
      const config = loadConfig(z.object(commandDatabaseConfig));
      const tls = await readTls(config);
      const db = dataSource({ url: config.databaseUrl, tls, poolMax: 1, applicationName: `${name}-cli` });
      const expectations = { durability: config.postgresDurability, rights };
      return withDatabase(db, expectations, () => deadLetters(args, { ...cli, db, consumers }));
    },
  };
}

/**
 * Lists, shows, redrives or discards dead letters.
 *
 * @returns the exit code; 1 when a redrive failed
 * @throws {UsageError} when the arguments are invalid
 * @throws {CliError} when there is no such dead letter, or it is not waiting
 */
export async function deadLetters(args: string[], tools: DeadLetterTools): Promise<number> {
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
      return listDeadLetters(tools);
    case 'show':
      return showDeadLetter(onlyOne(ids), tools);
    case 'redrive': {
      const { consumer, error, all } = values;
      const filter = { ...(ids[0] && { ids }), ...(consumer && { consumer }), ...(error && { error }) };
      if (!all && Object.keys(filter).length === 0)
        throw new UsageError('Select dead letters by id, --consumer, --error or --all; try --dry-run first');
      return redriveAll(filter, { rate: rateOf('rate', values.rate), dryRun: values['dry-run'] }, tools);
    }
    case 'discard':
      return discardOne(onlyOne(ids), values.reason?.trim() ?? '', tools);
    default:
      throw new UsageError(`${action ?? 'no action'}: expected list, show, redrive or discard`);
  }
}

async function redriveAll(
  filter: DeadLetterFilter,
  { rate, dryRun }: { rate: number; dryRun: boolean },
  { db, consumers, print, progress, signal, operator }: DeadLetterTools,
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
    `${dryRun ? 'dry run, nothing changed: ' : ''}${ids.length} dead letters: ${applied} applied, ` +
      `${duplicate} had taken effect before, ${failed} failed, ${skipped} skipped`,
  );
  return failed > 0 ? 1 : 0;
}

async function discardOne(
  id: string,
  reason: string,
  { db, operator, print }: DeadLetterTools,
): Promise<number> {
  if (reason === '') throw new UsageError('--reason "…" is missing: it is recorded in the audit');
  if (!(await discard(db, id, { operator, reason })))
    throw new CliError(`dead letter ${id} is not waiting: dlq list shows those that wait`);
  print(`${id} discarded`);
  return 0;
}

async function assertKnown(id: string, db: DeadLetterTools['db']): Promise<void> {
  if (!(await findDeadLetter(db, id)))
    throw new CliError(`no dead letter ${id}: dlq list shows those that wait`);
}

function onlyOne(ids: readonly string[]): string {
  const [id] = ids;
  if (id === undefined || ids.length > 1)
    throw new UsageError('Give the id of one dead letter: dlq list shows them');
  return id;
}

/** A number that fits a bigint of Postgres. */
function toId(text: string): string {
  if (!/^\d{1,18}$/.test(text))
    throw new UsageError(`"${text}" is no id of a dead letter: it is a whole number`);
  return text;
}
