import { parseTraceparent } from '@orders/instrumentation';
import type { Queryable, TransactionRunner } from '@orders/postgres';
import { type Cli, CliError } from '@orders/service';
import { z } from 'zod';
import { auditOf, type DeadLetter, findDeadLetter, groupDeadLetters } from './dead-letter-reads.js';
import { describeError, schemaBreaks } from './dead-letters.js';
import type { InboxHandlers } from './inbox-handlers.js';

/** What an action works with. */
export type Desk = Pick<Cli, 'print' | 'progress' | 'signal' | 'operator'> & {
  db: Queryable & TransactionRunner;
  /** Every consumer whose dead letters lie in this database, by its name. */
  consumers: ReadonlyMap<string, InboxHandlers>;
};

/** What waits, by consumer, error and schema version; exit code 0 with and without letters. */
export async function listDeadLetters({ db, print }: Pick<Desk, 'db' | 'print'>): Promise<number> {
  const groups = await groupDeadLetters(db);
  for (const { letters, consumer, dataschema, error, oldest, oldestId } of groups) {
    print(`${letters} × ${consumer}  ${dataschema || 'no dataschema'}  ${error}`);
    print(`    oldest: ${oldestId}, since ${oldest.toISOString()}`);
  }
  if (groups.length === 0) print('no dead letters are waiting');
  return 0;
}

/** All that is known of one letter: its payload, what breaks the schema as it is now, its trace, its audit. */
export async function showDeadLetter(
  id: string,
  { db, consumers, print }: Pick<Desk, 'db' | 'consumers' | 'print'>,
): Promise<number> {
  const letter = await findDeadLetter(db, id);
  if (!letter) throw new CliError(`no dead letter ${id}: dlq list shows those that wait`);
  const { message, consumer, state, attempts, error, address, createdAt } = letter;
  const header = (name: string) => message.headers[name] || '-';
  print(`letter       ${id}, ${state} since ${createdAt.toISOString()}, ${attempts} attempts, at ${address}`);
  print(`consumer     ${consumer}`);
  print(`event        ${header('ce-type')} ${message.id || '-'} of ${header('ce-subject')}`);
  print(`dataschema   ${header('ce-dataschema')}`);
  print(`trace id     ${parseTraceparent(message.headers['traceparent'])?.traceId ?? '-'}`);
  print(`correlation  ${header('ce-correlationid')}`);
  print(`error        ${error}`);
  for (const line of breaks(letter, consumers)) print(`schema now   ${line}`);
  for (const entry of await auditOf(db, id))
    print(`${entry.at.toISOString()}  ${entry.operator}  ${entry.action}: ${entry.result} ${entry.detail}`);
  print(pretty(message.body));
  return 0;
}

/** Read with the schemas of now, which may be newer than those that refused it. */
function breaks({ consumer, message }: DeadLetter, consumers: ReadonlyMap<string, InboxHandlers>): string[] {
  const handlers = consumers.get(consumer);
  if (!handlers) return [`this app has no consumer ${consumer}`];
  try {
    handlers.read(message);
    return ['nothing breaks it'];
  } catch (error) {
    return error instanceof z.ZodError ? schemaBreaks(error) : [describeError(error)];
  }
}

function pretty(body: string): string {
  try {
    return JSON.stringify(JSON.parse(body), null, 2);
  } catch {
    return body;
  }
}
