import type { CursorRow, LogRow, ModelTables } from './model-tables.js';
import type { ModelTransaction } from './model-transaction.js';

interface Call {
  readonly database: ModelTables;
  readonly tx: ModelTransaction;
  readonly parameters: readonly unknown[];
}

/** The known statements, by the words that only they begin with. */
const STATEMENTS: Readonly<Record<string, (call: Call) => unknown>> = {
  'INSERT INTO outbox': append,
  'WITH taken AS': acquire,
  'SELECT tx::text, position::text,': read,
  'WITH moved AS': advance,
  'WITH kept AS': rewind,
  'SELECT stream_sequence::float8': oldestSequence,
  'WITH released AS': release,
  'INSERT INTO inbox': accept,
  'INSERT INTO dead_letter': addDeadLetter,
  'INSERT INTO effect': applyEffect,
  // The model has no standby.
  'SELECT CASE WHEN current_setting': () => [],
};
const OPENINGS = Object.entries(STATEMENTS);

/**
 * Runs a statement in no simulated time, except for waits for another transaction.
 *
 * @throws when the statement is unknown
 */
export async function runStatement(
  database: ModelTables,
  tx: ModelTransaction,
  { sql, parameters }: { sql: string; parameters: unknown[] },
): Promise<unknown> {
  const text = sql.trimStart();
  const statement = OPENINGS.find(([opening]) => text.startsWith(opening))?.[1];
  if (!statement) throw new Error(`the model database does not know this statement: ${text}`);
  return statement({ database, tx, parameters });
}

async function append({ database, tx, parameters }: Call) {
  const [json] = parameters as [string];
  const xid = database.xidOf(tx);
  for (const row of JSON.parse(json) as Omit<LogRow, 'xid' | 'position'>[]) {
    const position = database.nextPosition();
    await database.outbox.insert(tx, String(position), { ...row, xid, position });
  }
}

function acquire({ database, parameters }: Call) {
  const [, owner, leaseMs] = parameters as [string, string, number];
  const { cursor, now } = database;
  const isFree = cursor.owner === undefined || cursor.owner === owner || cursor.leaseUntil < now();
  if (!isFree) return [];
  database.cursor = { ...cursor, owner, leaseUntil: now() + leaseMs };
  return [{ ...toRow(database.cursor), clusterChanged: false }];
}

function toRow({ xid, position, stream, streamSequence, messageId, knownGaps, rewoundAt }: CursorRow) {
  return {
    ...{ tx: `${xid}`, position: `${position}`, stream: stream ?? null, streamSequence },
    ...{ messageId: messageId ?? null, knownGaps: JSON.parse(knownGaps) as unknown, rewoundAt },
  };
}

function read({ database, parameters }: Call) {
  const [xid, position, limit] = parameters as [string, string, number];
  const horizon = database.horizon();
  const from = { xid: Number(xid), position: Number(position) };
  return database.outbox
    .rows()
    .filter((row) => isAfter(row, from))
    .sort((a, b) => a.xid - b.xid || a.position - b.position)
    .slice(0, limit)
    .map(({ xid, position, ...row }) => ({
      tx: `${xid}`,
      position: `${position}`,
      ...(xid < horizon ? row : { event_id: null }),
    }));
}

function advance({ database, parameters }: Call) {
  type Position = [tx: string, position: string];
  const [, owner, fromXid, fromPosition, xid, position, leaseMs, ...reached] = parameters as [
    ...[name: string, owner: string, ...from: Position, ...to: Position, leaseMs: number],
    ...[stream: string, streamSequence: number, messageId: string | undefined],
  ];
  const { cursor } = database;
  const isOurs = cursor.owner === owner;
  const isThere = cursor.xid === Number(fromXid) && cursor.position === Number(fromPosition);
  if (!isOurs || !isThere) return [{ moved: 0 }];
  const now = database.now();
  const [stream, streamSequence, messageId] = reached;
  const to = { xid: Number(xid), position: Number(position), stream, streamSequence, messageId };
  database.cursor = { ...cursor, ...to, leaseUntil: now + leaseMs };
  if (!database.checkpoints.some(({ notedAt }) => notedAt > now - 1_000)) {
    database.checkpoints.push({ ...to, notedAt: now });
  }
  return [{ moved: 1 }];
}

const LOG_START = { xid: 0, position: 0, messageId: undefined };

function rewind({ database, parameters }: Call) {
  const [, owner, stream, intactUpTo, knownGaps, rewoundAt, firstTime, expired] = parameters as [
    ...[name: string, owner: string, stream: string, intactUpTo: number, knownGaps: string],
    ...[rewoundAt: number, firstTime: Date | null, expired: number],
  ];
  if (database.cursor.owner !== owner) return [];
  database.checkpoints = database.checkpoints.filter(
    (noted) => noted.stream === stream && noted.streamSequence <= intactUpTo,
  );
  const kept = database.checkpoints.at(-1);
  const { xid, position, streamSequence, messageId } = kept ?? { ...LOG_START, streamSequence: 0 };
  if (!kept) {
    const age = firstTime ? Date.now() - firstTime.getTime() : 0;
    database.checkpoints.push({
      ...LOG_START,
      stream,
      streamSequence: expired,
      notedAt: database.now() - age,
    });
  }
  const to = { xid, position, stream, streamSequence, messageId };
  database.cursor = { ...database.cursor, ...to, knownGaps, rewoundAt };
  return [toRow(database.cursor)];
}

function oldestSequence({ database, parameters }: Call) {
  const [, stream, ms] = parameters as [string, string, number];
  const since = database.now() - ms;
  const noted = database.checkpoints.filter((one) => one.stream === stream && one.notedAt > since);
  return noted.slice(0, 1).map(({ streamSequence }) => ({ sequence: streamSequence }));
}

function release({ database, parameters }: Call) {
  const [, owner] = parameters as [string, string];
  if (database.cursor.owner === owner) {
    database.cursor = { ...database.cursor, owner: undefined, leaseUntil: -Infinity };
  }
  return [];
}

async function accept({ database, tx, parameters }: Call) {
  const [consumer, ids] = parameters as [string, string[]];
  database.xidOf(tx);
  const accepted: { id: string }[] = [];
  for (const id of ids.toSorted()) {
    const key = JSON.stringify([consumer, id]);
    if (await database.table('inbox').insert(tx, key, { consumer, id })) accepted.push({ id });
  }
  return accepted;
}

async function addDeadLetter({ database, tx, parameters }: Call) {
  const [consumer, address, id] = parameters as [string, string, string];
  database.xidOf(tx);
  const letters = database.table<{ consumer: string; id: string }>('dead_letter');
  const isKept = letters.rows(tx).some((letter) => letter.consumer === consumer && letter.id === id);
  if (id !== '' && isKept) return [];
  const isNew = await letters.insert(tx, JSON.stringify([consumer, id, address]), {
    consumer,
    id,
  });
  return isNew ? [{ id }] : [];
}

/** The effect of an event in tests: a row without a unique key, so that only the inbox prevents a second one. */
async function applyEffect({ database, tx, parameters }: Call) {
  const [id] = parameters as [string];
  database.xidOf(tx);
  await database.table('effect').insert(tx, `${database.nextPosition()}`, { id });
}

function isAfter(a: { xid: number; position: number }, b: { xid: number; position: number }): boolean {
  return a.xid > b.xid || (a.xid === b.xid && a.position > b.position);
}
