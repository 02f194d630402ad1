import {
  type DeadLetterFilter,
  discard,
  InboxHandlers,
  type Queryable,
  redrive,
  selectDeadLetters,
  type TransactionRunner,
} from '@orders/messaging';
import { Pace } from '@orders/resilience';
import { type Cli, CliError, parseCli } from '@orders/service';
import { CONSUMER } from '../consumer.js';
import { orderEventHandlers } from '../shipments/order-events.js';
import { listDeadLetters, showDeadLetter } from './dlq-reads.js';

export const DLQ_USAGE =
  'dlq list | dlq show <id> | dlq redrive [<id>…] [--consumer NAME] [--error TEXT] [--rate PER_SECOND] ' +
  '[--all] [--dry-run] | dlq discard <id> --reason TEXT';

/** Every consumer whose dead letters lie in this app's database. */
const CONSUMERS = new Map([[CONSUMER, new InboxHandlers(CONSUMER, orderEventHandlers)]]);

export type Desk = Pick<Cli, 'print' | 'progress' | 'signal' | 'operator'> & {
  db: Queryable & TransactionRunner;
};

/** Dead letters: what waits and why, and what is to become of it. */
export async function dlq(args: string[], desk: Desk): Promise<number> {
  const { values, positionals } = parseCli(
    {
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
    },
    DLQ_USAGE,
  );
  const [action, ...given] = positionals;
  const ids = given.map(toId);
  switch (action) {
    case 'list':
      return listDeadLetters(desk);
    case 'show':
      return showDeadLetter(onlyOne(ids), CONSUMERS, desk);
    case 'redrive': {
      const { consumer, error, all } = values;
      const filter = { ...(ids[0] && { ids }), ...(consumer && { consumer }), ...(error && { error }) };
      if (!all && Object.keys(filter).length === 0)
        throw new CliError('Say which: ids, --consumer, --error, or --all (first with --dry-run).', 2);
      return redriveAll(filter, { rate: toRate(values.rate), dryRun: values['dry-run'] }, desk);
    }
    case 'discard':
      return discardOne(onlyOne(ids), values.reason?.trim() ?? '', desk);
    default:
      throw new CliError(`Usage: ${DLQ_USAGE}`, 2);
  }
}

async function redriveAll(
  filter: DeadLetterFilter,
  { rate, dryRun }: { rate: number; dryRun: boolean },
  { db, print, progress, signal, operator }: Desk,
): Promise<number> {
  const ids = await selectDeadLetters(db, filter);
  const pace = new Pace(rate);
  const counts = { applied: 0, duplicate: 0, failed: 0, skipped: 0 };
  let done = 0;
  for (const id of ids) {
    await pace.take(1, signal);
    if (signal.aborted) break;
    const outcome = await redrive(id, { db, consumers: CONSUMERS, operator, dryRun });
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
  if (reason === '') throw new CliError('Say why: --reason "…"; it is kept in the audit.', 2);
  if (!(await discard(db, id, { operator, reason })))
    throw new CliError(`No letter ${id} is waiting: dlq list shows those that are.`);
  print(`${id} discarded`);
  return 0;
}

function onlyOne(ids: readonly string[]): string {
  const [id] = ids;
  if (id === undefined || ids.length > 1) throw new CliError('Name one letter by its id: see dlq list.', 2);
  return id;
}

/** A number that fits Postgres's bigint. */
function toId(text: string): string {
  if (!/^\d{1,18}$/.test(text)) throw new CliError(`"${text}" is no id of a letter: a whole number.`, 2);
  return text;
}

function toRate(text: string): number {
  const rate = Number(text);
  if (!(rate > 0)) throw new CliError(`--rate ${text}: letters a second, above 0.`, 2);
  return rate;
}
