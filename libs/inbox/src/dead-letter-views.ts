import { parseTraceparent } from '@orders/instrumentation';
import type { Queryable, TransactionRunner } from '@orders/postgres';
import { type Cli, CliError } from '@orders/service';
import { z } from 'zod';
import { auditOf, type DeadLetter, findDeadLetter, groupDeadLetters } from './dead-letter-reads.js';
import { describeError, schemaViolations } from './dead-letters.js';
import type { InboxHandlers } from './inbox-handlers.js';

/** What the actions of the command `dlq` need. */
export type DeadLetterTools = Pick<Cli, 'print' | 'progress' | 'signal' | 'operator'> & {
  db: Queryable & TransactionRunner;
  /** The consumers whose dead letters are in this database, by name. */
  consumers: ReadonlyMap<string, InboxHandlers>;
};

/**
 * Prints the waiting dead letters by consumer, error and schema version. Returns exit code 0, also when there are
 * none.
 */
export async function listDeadLetters({ db, print }: Pick<DeadLetterTools, 'db' | 'print'>): Promise<number> {
  const groups = await groupDeadLetters(db);
  for (const { count, consumer, dataschema, error, oldest, oldestId } of groups) {
    print(`${count} × ${consumer}  ${dataschema || 'no dataschema'}  ${error}`);
    print(`    oldest: ${oldestId}, since ${oldest.toISOString()}`);
  }
  if (groups.length === 0) print('no dead letters are waiting');
  return 0;
}

/**
 * Prints everything about one dead letter: its payload, its violations of the current schema, its trace, its audit.
 *
 * @throws {CliError} when there is no dead letter with this id
 */
export async function showDeadLetter(
  id: string,
  { db, consumers, print }: Pick<DeadLetterTools, 'db' | 'consumers' | 'print'>,
): Promise<number> {
  const deadLetter = await findDeadLetter(db, id);
  if (!deadLetter) throw new CliError(`no dead letter ${id}: dlq list shows those that wait`);
  const { message, consumer, state, attempts, error, address, createdAt } = deadLetter;
  const header = (name: string) => message.headers[name] || '-';
  print(`dead letter  ${id}, ${state} since ${createdAt.toISOString()}, ${attempts} attempts, at ${address}`);
  print(`consumer     ${consumer}`);
  print(`event        ${header('ce-type')} ${message.id || '-'} of ${header('ce-subject')}`);
  print(`dataschema   ${header('ce-dataschema')}`);
  print(`trace id     ${parseTraceparent(message.headers['traceparent'])?.traceId ?? '-'}`);
  print(`correlation  ${header('ce-correlationid')}`);
  print(`error        ${error}`);
  for (const line of currentViolations(deadLetter, consumers)) print(`schema now   ${line}`);
  for (const entry of await auditOf(db, id))
    print(`${entry.at.toISOString()}  ${entry.operator}  ${entry.action}: ${entry.result} ${entry.detail}`);
  print(pretty(message.body));
  return 0;
}

/** Reads the event with the current schemas, which may be newer than those that it violated. */
function currentViolations(
  { consumer, message }: DeadLetter,
  consumers: ReadonlyMap<string, InboxHandlers>,
): string[] {
  const handlers = consumers.get(consumer);
  if (!handlers) return [`this app has no consumer ${consumer}`];
  try {
    handlers.read(message);
    return ['no violation'];
  } catch (error) {
    return error instanceof z.ZodError ? schemaViolations(error) : [describeError(error)];
  }
}

function pretty(body: string): string {
  try {
    return JSON.stringify(JSON.parse(body), null, 2);
  } catch {
    return body;
  }
}
