import pg from 'pg';
import { type AppDeclaration, APPS } from '@orders/dev/stack/declarations';
import type { NatsAccess } from '@orders/dev/stack/nats-access';
import { streamMessages } from '@orders/dev/stack/stream-messages';
import type { System } from '@orders/dev/stack/system';
import { effectPath } from '@orders/dev/stack/wiring';

/** Where all orders are: the places that must agree. */
export interface Census {
  orders: string[];
  /** The distinct orders of all `orders.created` in the stream. */
  created: string[];
  /** For each app that shows one, the orders that took effect in it. */
  effects: Record<string, string[]>;
  /** Those that took effect more often than they have events, as `app order`. */
  doubleEffects: string[];
}

interface Effect {
  id: string;
  events: number;
}

/** @param apps that run; those among them that consume `orders.created` and show an effect are counted */
export async function census(
  { postgres, nats }: System,
  apps: readonly AppDeclaration[] = APPS,
): Promise<Census> {
  const url = postgres.url('orders');
  const orders = await rows<{ id: string; status: string }>(url, 'SELECT id, status FROM orders');
  const canceled = new Set(orders.filter(({ status }) => status === 'CANCELED').map(({ id }) => id));
  const census: Census = { orders: sortedIds(orders), created: [], effects: {}, doubleEffects: [] };
  for (const { name, consumes, effect } of apps) {
    if (!effect || !consumes.includes('orders.created')) continue;
    const table = effectPath(effect).slice(1);
    const found = await rows<Effect>(
      postgres.url(name),
      `SELECT order_id AS id, events_applied AS events FROM ${table}`,
    );
    const most = (id: string): number => (canceled.has(id) && consumes.includes('orders.canceled') ? 2 : 1);
    census.effects[name] = sortedIds(found);
    census.doubleEffects.push(
      ...found.filter(({ id, events }) => events > most(id)).map(({ id }) => `${name} ${id}`),
    );
  }
  return { ...census, created: await createdInStream(nats.access) };
}

/** Whether every order has been published, and has taken effect in every app. */
export function isApplied({ orders, created, effects }: Census): boolean {
  return [created, ...Object.values(effects)].every(({ length }) => length >= orders.length);
}

function sortedIds(found: readonly { id: string }[]): string[] {
  return found.map(({ id }) => id).sort();
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

async function createdInStream(access: NatsAccess): Promise<string[]> {
  const ids = new Set<string>();
  for await (const { subject, header } of streamMessages(access, 'ORDERS')) {
    if (subject === 'orders.created') ids.add(header('ce-subject') ?? '');
  }
  return [...ids].sort();
}
