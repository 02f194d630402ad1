import pg from 'pg';
import { streamMessages } from '@orders/dev/stack/stream-messages';
import type { System } from '@orders/dev/stack/system';
import { POISON_HEADER } from './faults/stream.ts';
import { payloadHash, type Item } from './ledger.ts';

export interface StoredOrder {
  id: string;
  customer: string;
  key: string;
  hash: string;
  units: number;
  totalCents: number;
  status: string;
}

export interface Effect {
  id: string;
  customer: string;
  units: number;
  totalCents: number;
  status: string;
  events: number;
}

export interface StreamContent {
  /** How often each event of ours is in it. */
  events: Map<string, number>;
  /** Sequences of what the proof itself put there to be refused. */
  poison: number[];
}

/** Where all orders are: the places that must agree. */
export interface Census {
  orders: StoredOrder[];
  /** Events of the log and the order that each is about. */
  outbox: { event: string; order: string }[];
  stream: StreamContent;
  effects: Effect[];
  deadLetters: { address: string; poison: boolean; error: string }[];
}

interface OrderRow {
  id: string;
  customer: string;
  key: string;
  items: Item[];
  total: string;
  status: string;
}
type EffectRow = Omit<Effect, 'totalCents'> & { total: string };

export async function takeCensus({ postgres, nats }: System): Promise<Census> {
  const [orders, outbox] = await queries(postgres.url('orders'), [
    'SELECT id, customer_id AS customer, idempotency_key AS key, items, total_cents AS total, status FROM orders',
    `SELECT event_id AS event, headers->>'ce-subject' AS "order" FROM outbox`,
  ]);
  const [effects, deadLetters] = await queries(postgres.url('fulfillment'), [
    `SELECT order_id AS id, customer_id AS customer, units, total_cents AS total, status, events_applied AS events
     FROM shipments`,
    `SELECT address, headers ? '${POISON_HEADER}' AS poison, error FROM dead_letter`,
  ]);
  return {
    orders: (orders as OrderRow[]).map(({ items, total, ...order }) => ({
      ...order,
      hash: payloadHash(items),
      units: items.reduce((sum, { quantity }) => sum + quantity, 0),
      totalCents: Number(total),
    })),
    outbox: outbox as Census['outbox'],
    stream: await readStream(nats.url),
    effects: (effects as EffectRow[]).map(({ total, ...effect }) => ({
      ...effect,
      totalCents: Number(total),
    })),
    deadLetters: deadLetters as Census['deadLetters'],
  };
}

/** Runs them on one connection and returns the rows of each. */
export async function queries(url: string, statements: readonly string[]): Promise<unknown[][]> {
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
    return results;
  } finally {
    await client.end();
  }
}

async function readStream(url: string): Promise<StreamContent> {
  const content: StreamContent = { events: new Map(), poison: [] };
  for await (const { sequence, header } of streamMessages(url)) {
    const id = header('ce-id') ?? '';
    if (header(POISON_HEADER) !== undefined) content.poison.push(sequence);
    else content.events.set(id, (content.events.get(id) ?? 0) + 1);
  }
  return content;
}
