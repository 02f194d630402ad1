import { randomUUID } from 'node:crypto';
import { jetstream } from '@nats-io/jetstream';
import { headers } from '@nats-io/transport-node';
import { ORDER_PLACED } from '../store.ts';
import { nothing, type Fault } from './fault.ts';
import { withNats } from './nats.ts';

/** Header of messages that the proof published and no order led to. */
export const POISON_HEADER = 'x-prove-poison';

interface Poison {
  attributes?: Record<string, string>;
  body: string;
}

const HEADERS = {
  'ce-specversion': '1.0',
  'ce-source': 'urn:prove',
  'ce-type': ORDER_PLACED,
  'ce-time': '2026-01-01T00:00:00Z',
  'ce-dataschema': `urn:schema:${ORDER_PLACED}:v1`,
  'ce-sequence': '0000000001',
};

/** What a hostile client or a bug could publish on our subjects. */
const POISON: Record<string, () => Poison> = {
  'no JSON': () => ({ body: '{"id":' }),
  'wrong schema': () => ({ body: JSON.stringify({ id: 7, items: 'none' }) }),
  'unknown type': () => ({ attributes: { 'ce-type': 'orders.exploded' }, body: '{}' }),
  'no headers': () => ({
    attributes: Object.fromEntries(Object.keys(HEADERS).map((name) => [name, ''])),
    body: '{}',
  }),
  'large body': () => ({ body: 'x'.repeat(900_000) }),
  'units beyond integer': unitsBeyondInteger,
};

/** Matches its schema: a consumer that does not count units may apply it. */
function unitsBeyondInteger(): Poison {
  const id = randomUUID();
  const order = {
    id,
    customerId: 'rogue',
    items: [{ sku: 'x', quantity: 3_000_000_000, priceCents: 1 }],
    totalCents: 3_000_000_000,
    status: 'CREATED',
    createdAt: '2026-01-01T00:00:00.000Z',
    version: 1,
  };
  return { attributes: { 'ce-subject': id }, body: JSON.stringify(order) };
}

export const POISON_FAULT: Fault = {
  name: 'poison',
  targets: Object.keys(POISON),
  durationMs: [0, 0],
  component: () => 'nats-server',
  begin: async (sut, { target }) => {
    const { attributes, body } = POISON[target]!();
    await withNats(sut, async (connection) => {
      const marked = headers();
      const all = { 'ce-id': randomUUID(), 'ce-subject': randomUUID(), ...HEADERS, ...attributes };
      for (const [name, value] of Object.entries(all)) if (value !== '') marked.append(name, value);
      marked.append(POISON_HEADER, target);
      await jetstream(connection).publish(ORDER_PLACED, body, { headers: marked });
    });
    return nothing;
  },
};
