import { randomUUID } from 'node:crypto';
import { jetstream } from '@nats-io/jetstream';
import { headers as natsHeaders } from '@nats-io/transport-node';
import { connectNats } from '@orders/dev/stack/nats-access';
import { until } from '@orders/dev/stack/until';
import pg from 'pg';
import { cases, type Surface } from '../surface.ts';
import type { SystemUnderFuzz } from '../system-under-fuzz.ts';
import { CASE_HEADER, EVENT_ID, type EventCase, events, ORDER_ID } from './event-values.ts';

const SETTLED_WITHIN_MS = 120_000;

/** The bus: what a producer with a bug, or another user of the server, could publish. */
export const EVENTS: Surface = {
  name: 'events',
  what: 'messages on orders.created: valid, with a wrong attribute, with data that breaks its schema',
  share: 0.02,
  open: async (sut) => {
    const connection = await connectNats(sut.system.nats.access);
    const bus = jetstream(connection);
    const published: Published[] = [];
    return {
      check: cases(events, async (event) => {
        const number = String(published.length + 1);
        const ids = { [EVENT_ID]: freshEventId(), [ORDER_ID]: randomUUID() };
        published.push({ number, orderId: ids[ORDER_ID], ...event });
        const headers = natsHeaders();
        for (const [name, value] of Object.entries({ ...event.attributes, [CASE_HEADER]: number }))
          headers.append(name, filledIn(value, ids));
        await bus.publish(event.subject, filledIn(event.body, ids), { headers });
      }),
      conclude: async () => {
        await connection.close();
        return misjudged(sut, published);
      },
    };
  },
};

interface Published extends EventCase {
  number: string;
  orderId: string;
}

/** The text with each placeholder replaced. */
function filledIn(text: string, ids: Readonly<Record<string, string>>): string {
  return Object.entries(ids).reduce((filled, [name, id]) => filled.replaceAll(name, id), text);
}

/** A UUIDv7 (RFC 9562) of now. */
function freshEventId(): string {
  const ms = Date.now().toString(16).padStart(12, '0');
  return `${ms.slice(0, 8)}-${ms.slice(8)}-7${randomUUID().slice(15)}`;
}

/** A valid event must have its effect, another one must be a dead letter, each once. */
async function misjudged(sut: SystemUnderFuzz, published: readonly Published[]): Promise<string[]> {
  const pool = new pg.Pool({ connectionString: sut.system.postgres.url('fulfillment'), max: 1 });
  try {
    const pending = async () => {
      const [letters, effects] = [await deadLetters(pool), await effectsOf(pool)];
      return published.filter(({ number, orderId }) => !letters.has(number) && !effects.has(orderId));
    };
    await until(async () => (await pending()).length === 0, {
      timeoutMs: SETTLED_WITHIN_MS,
      what: 'all events',
    }).catch(() => undefined);
    const letters = await deadLetters(pool);
    const wrong = published.filter(
      ({ number, isValid }) => letters.get(number) !== (isValid ? undefined : 1),
    );
    return [
      ...(await pending()).map(({ why }) => `an event (${why}) has no effect and is no dead letter`),
      ...wrong.map(({ number, why }) => `an event (${why}) became ${letters.get(number) ?? 0} dead letters`),
    ].slice(0, 10);
  } finally {
    await pool.end();
  }
}

/** How many dead letters each case has. */
async function deadLetters(pool: pg.Pool): Promise<Map<string, number>> {
  const { rows } = await pool.query<{ number: string; letters: number }>(
    'SELECT headers->>$1 AS number, count(*)::int AS letters FROM dead_letter GROUP BY 1',
    [CASE_HEADER],
  );
  return new Map(rows.map(({ number, letters }) => [number, letters]));
}

async function effectsOf(pool: pg.Pool): Promise<Set<string>> {
  const { rows } = await pool.query<{ order_id: string }>('SELECT order_id FROM shipments');
  return new Set(rows.map(({ order_id: id }) => id));
}
