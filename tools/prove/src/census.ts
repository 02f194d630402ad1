import pg from 'pg';
import { APPS } from '@orders/dev/stack/declarations';
import { consumersOf, producersOf, type Consumer, type Producer } from '@orders/dev/stack/event-flow';
import type { NatsAccess } from '@orders/dev/stack/nats-access';
import { streamMessages } from '@orders/dev/stack/stream-messages';
import type { Postgres } from '@orders/dev/stack/servers';
import type { System } from '@orders/dev/stack/system';
import { POISON_HEADER } from './faults/poison.ts';
import { payloadHash, type Item } from './ledger.ts';
import { STORE } from './store.ts';

export interface StoredOrder {
  id: string;
  customer: string;
  key: string;
  hash: string;
  units: number;
  totalCents: number;
  status: string;
}

/** One event of a producer's log. */
export interface LoggedEvent {
  id: string;
  type: string;
  producer: string;
  /** Id of the order that it is about. */
  order: string;
}

/** The content of all streams together. */
export interface StreamContent {
  /** How often each event of the apps is in a stream, by its id. */
  events: Map<string, number>;
  /** Messages that the proof itself published to be refused. */
  poison: Poison[];
}

export interface Poison {
  /** `ORDERS/7` */
  address: string;
  subject: string;
  /** Id of the order that it names, if any. */
  order: string | undefined;
}

/** The effect of an order in a consumer: how many events were applied, and what else its table stores. */
export interface Effect {
  id: string;
  events: number;
  customer?: string | undefined;
  units?: number | undefined;
  totalCents?: number | undefined;
  canceled?: boolean | undefined;
}

/** What one consumer has processed. */
export interface Consumption {
  name: string;
  consumes: readonly string[];
  /** undefined when the consumer declares no table of effects. */
  effects: Effect[] | undefined;
  /** Ids of the applied events. */
  inbox: Set<string>;
  deadLetters: { address: string; poison: boolean; error: string }[];
}

/** The content of all places that must agree about the orders. */
export interface Census {
  orders: StoredOrder[];
  log: LoggedEvent[];
  stream: StreamContent;
  consumers: Consumption[];
}

export const PRODUCERS = producersOf(APPS);
export const CONSUMERS = consumersOf(APPS);

export async function takeCensus({ postgres, nats }: System): Promise<Census> {
  const orders = await readOrders(postgres);
  const log: LoggedEvent[] = [];
  for (const producer of PRODUCERS) log.push(...(await readLog(postgres, producer)));
  const stream = await readStreams(nats.access);
  const consumers: Consumption[] = [];
  for (const consumer of CONSUMERS) consumers.push(await readConsumer(postgres, consumer));
  return { orders, log, stream, consumers };
}

interface OrderRow {
  id: string;
  customer: string;
  key: string;
  items: Item[];
  total: string;
  status: string;
}

async function readOrders({ url }: Postgres): Promise<StoredOrder[]> {
  const [orders] = await queries<[OrderRow]>(url(STORE), [
    'SELECT id, customer_id AS customer, idempotency_key AS key, items, total_cents AS total, status FROM orders',
  ]);
  return orders.map(({ items, total, ...order }) => ({
    ...order,
    hash: payloadHash(items),
    units: items.reduce((sum, { quantity }) => sum + quantity, 0),
    totalCents: Number(total),
  }));
}

async function readLog({ url }: Postgres, { name: producer }: Producer): Promise<LoggedEvent[]> {
  const [events] = await queries<[Omit<LoggedEvent, 'producer'>]>(url(producer), [
    `SELECT event_id AS id, subject AS type, headers->>'ce-subject' AS "order" FROM outbox`,
  ]);
  return events.map((event) => ({ ...event, producer }));
}

interface EffectRow {
  order_id: string;
  events_applied: number;
  customer_id?: string;
  units?: number;
  total_cents?: string;
  status?: string;
}
type DeadLetterRow = Consumption['deadLetters'][number];

async function readConsumer({ url }: Postgres, { name, consumes, table }: Consumer): Promise<Consumption> {
  const [inbox, deadLetters, effects] = await queries<[{ id: string }, DeadLetterRow, EffectRow]>(url(name), [
    'SELECT event_id AS id FROM inbox',
    `SELECT address, headers ? '${POISON_HEADER}' AS poison, error FROM dead_letter`,
    ...(table === undefined ? [] : [`SELECT * FROM ${table}`]),
  ]);
  return {
    name,
    consumes,
    effects: table === undefined ? undefined : effects.map(effectFrom),
    inbox: new Set(inbox.map(({ id }) => id)),
    deadLetters,
  };
}

/** Columns that the table lacks stay undefined. */
function effectFrom(row: EffectRow): Effect {
  return {
    id: row.order_id,
    events: row.events_applied,
    customer: row.customer_id,
    units: row.units,
    totalCents: row.total_cents === undefined ? undefined : Number(row.total_cents),
    canceled: row.status === undefined ? undefined : row.status === 'CANCELED',
  };
}

async function readStreams(access: NatsAccess): Promise<StreamContent> {
  const content: StreamContent = { events: new Map(), poison: [] };
  for (const { stream } of PRODUCERS)
    for await (const { sequence, subject, header } of streamMessages(access, stream)) {
      const id = header('ce-id') ?? '';
      if (header(POISON_HEADER) === undefined) content.events.set(id, (content.events.get(id) ?? 0) + 1);
      else content.poison.push({ address: `${stream}/${sequence}`, subject, order: header('ce-subject') });
    }
  return content;
}

/** Runs the statements on one connection and returns the rows of each. */
export async function queries<Rows extends readonly unknown[]>(
  url: string,
  statements: readonly string[],
): Promise<{ [N in keyof Rows]: Rows[N][] }> {
  const client = new pg.Client({
    connectionString: url,
    application_name: 'prove',
    statement_timeout: 20_000,
  });
  client.on('error', () => undefined);
  await client.connect();
  try {
    const results: unknown[][] = [];
    for (const statement of statements) results.push((await client.query<object>(statement)).rows);
    return results as { [N in keyof Rows]: Rows[N][] };
  } finally {
    await client.end();
  }
}
