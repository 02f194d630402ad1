import { describe, expect, it } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { EVENTS, orderSnapshot, schemaName } from './events.js';

const snapshot = {
  id: '01a20559-f3c1-762a-83f7-462d3b536b3a',
  customerId: 'alice',
  items: [{ sku: 'apple', quantity: 3, priceCents: 250 }],
  totalCents: 750,
  status: 'CREATED',
  createdAt: '2026-01-02T03:04:05.678Z',
  version: 1,
};

describe('events', () => {
  it.each(EVENTS)('$type has its published schema', ({ type, schema, dataschema }) => {
    const file = new URL(`../schemas/${schemaName(dataschema)}.schema.json`, import.meta.url);
    const published = JSON.parse(readFileSync(file, 'utf8')) as object;
    expect(published).toEqual({ $id: dataschema, title: type, ...z.toJSONSchema(schema, { io: 'input' }) });
  });

  it('are accepted by a consumer that does not know a field yet', () => {
    expect(orderSnapshot.parse({ ...snapshot, later: true })).toEqual(snapshot);
  });

  it.each(['id', 'customerId', 'items', 'totalCents', 'status', 'createdAt', 'version'])(
    'are invalid without %s',
    (field) => {
      expect(orderSnapshot.safeParse({ ...snapshot, [field]: undefined }).success).toBe(false);
    },
  );
});

describe('text that the edge refuses is invalid in events', () => {
  it.each(['', 'a\0', 'a\x1fb', 'a\n', 'a\x7f', 'a\u0085', '\x9f'])('%j', (text) => {
    const [item] = snapshot.items;
    expect(orderSnapshot.safeParse({ ...snapshot, customerId: text }).success).toBe(false);
    expect(orderSnapshot.safeParse({ ...snapshot, items: [{ ...item, sku: text }] }).success).toBe(false);
  });

  it.each([' ', '~', '\xa0', 'Äpfel 🍏'])('but %j is valid', (text) => {
    expect(orderSnapshot.safeParse({ ...snapshot, customerId: text }).success).toBe(true);
  });
});
