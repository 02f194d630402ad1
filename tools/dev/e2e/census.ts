import pg from 'pg';
import { streamMessages } from '../src/stack/stream-messages.ts';
import type { System } from '../src/stack/system.ts';

/** Where all orders are: the places that must agree. */
export interface Census {
  orders: string[];
  /** The distinct orders of all `orders.created` in the stream. */
  created: string[];
  effects: string[];
  doubleEffects: number;
}

export async function census({ postgres, nats }: System): Promise<Census> {
  const [orders, effects] = await Promise.all([
    rows<{ id: string }>(postgres.url('orders'), 'SELECT id FROM orders'),
    rows<{ id: string; status: string; events: number }>(
      postgres.url('fulfillment'),
      'SELECT order_id AS id, status, events_applied AS events FROM shipments',
    ),
  ]);
  return {
    orders: orders.map(({ id }) => id).sort(),
    created: await createdInStream(nats.url),
    effects: effects.map(({ id }) => id).sort(),
    doubleEffects: effects.filter(({ status, events }) => events > (status === 'PLANNED' ? 1 : 2)).length,
  };
}

async function rows<Row extends pg.QueryResultRow>(url: string, sql: string): Promise<Row[]> {
  const client = new pg.Client(url);
  await client.connect();
  try {
    return (await client.query<Row>(sql)).rows;
  } finally {
    await client.end();
  }
}

async function createdInStream(url: string): Promise<string[]> {
  const ids = new Set<string>();
  for await (const { subject, header } of streamMessages(url)) {
    if (subject === 'orders.created') ids.add(header('ce-subject') ?? '');
  }
  return [...ids].sort();
}
