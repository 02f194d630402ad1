import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from '@orders/dev/stack/paths';
import fc from 'fast-check';
import { broken, type Schema, valid } from '../schema-values.ts';

/** Stand for ids that no other event and order has, until the case is run. */
export const EVENT_ID = '{event}';
export const ORDER_ID = '{order}';

/** Numbers the messages of the fuzzer. */
export const CASE_HEADER = 'x-fuzz-case';

export interface EventCase {
  readonly why: string;
  readonly isValid: boolean;
  readonly subject: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly body: string;
}

const TYPE = 'orders.created';
const SCHEMA = JSON.parse(
  readFileSync(join(ROOT, `libs/contracts/events/schemas/${TYPE}.v1.schema.json`), 'utf8'),
) as Schema;
const MOST_UNITS = 2 ** 31 - 1;

interface Order {
  id: string;
  items: { sku: string; quantity: number }[];
}

const good = (valid(SCHEMA) as fc.Arbitrary<Order>).map((order) => {
  const items = order.items.map((item) => ({ ...item, quantity: 1 + (item.quantity % 1_000) }));
  const body = JSON.stringify({ ...order, id: ORDER_ID, items });
  return { why: 'valid', isValid: true, subject: TYPE, attributes: ATTRIBUTES, body };
});

const ATTRIBUTES = {
  'ce-specversion': '1.0',
  'ce-id': EVENT_ID,
  'ce-source': 'urn:fuzz',
  'ce-type': TYPE,
  'ce-subject': ORDER_ID,
  'ce-time': '2026-01-01T00:00:00Z',
  'ce-dataschema': `urn:schema:${TYPE}:v1`,
  'ce-sequence': '0000000001',
};

/** Values that the attribute must not have. */
const BAD_ATTRIBUTES: Record<string, readonly string[]> = {
  'ce-specversion': ['', '0.3', '1.0 '.repeat(9)],
  // Each is another one: of two events with one id, the second is no dead letter. An order's id is a UUIDv4.
  'ce-id': ['', `x${EVENT_ID}`, ORDER_ID, `${EVENT_ID}${'x'.repeat(5_000)}`],
  'ce-source': [''],
  'ce-type': ['', 'orders.exploded', '../x'],
  'ce-subject': [''],
  'ce-time': ['', 'yesterday', '2026-13-01T00:00:00Z'],
  'ce-dataschema': [''],
  'ce-sequence': ['', 'x', '-1', '1.5', '99999999999', '9999999999'],
};

const badAttributes = fc.constantFrom(
  ...Object.entries(BAD_ATTRIBUTES).flatMap(([name, values]) =>
    values.map((value) => [name, value] as const),
  ),
);
const badBodies = fc.constantFrom(
  '',
  '{',
  'null',
  '[]',
  '7',
  '"x"',
  '{"id":',
  '\0',
  'x'.repeat(100_000),
  `${'['.repeat(5_000)}`,
);

/** Messages on the subject of a new order. */
export const events: fc.Arbitrary<EventCase> = fc.oneof(
  { weight: 2, arbitrary: good },
  {
    weight: 2,
    arbitrary: fc.tuple(good, badAttributes).map(([event, [name, value]]) => ({
      ...event,
      ...refused(`${name} is ${JSON.stringify(value.slice(0, 20))}`),
      attributes: { ...event.attributes, [name]: value },
    })),
  },
  {
    weight: 1,
    arbitrary: fc.tuple(good, fc.constantFrom(...Object.keys(BAD_ATTRIBUTES))).map(([event, name]) => ({
      ...event,
      ...refused(`${name} is missing`),
      attributes: without(event.attributes, name),
    })),
  },
  {
    weight: 1,
    arbitrary: fc.tuple(good, badBodies).map(([event, body]) => ({ ...event, ...refused('no order'), body })),
  },
  {
    weight: 3,
    arbitrary: fc
      .tuple(good, broken(SCHEMA))
      .map(([event, { value, why }]) => ({ ...event, ...refused(why), body: JSON.stringify(value) })),
  },
  {
    weight: 1,
    arbitrary: good.map((event) => ({ ...event, ...refused('too many units'), body: tooMany(event.body) })),
  },
);

function refused(why: string) {
  return { why, isValid: false };
}

/** Valid by its schema; fulfillment cannot count so many. */
function tooMany(body: string): string {
  const order = JSON.parse(body) as Order;
  return JSON.stringify({
    ...order,
    items: order.items.map((item) => ({ ...item, quantity: MOST_UNITS + 1 })),
  });
}

function without(attributes: Readonly<Record<string, string>>, name: string): Record<string, string> {
  return Object.fromEntries(Object.entries(attributes).filter(([each]) => each !== name));
}
