import { describe, expect, it } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { EVENTS, ORDERS_STREAM, orderSnapshot } from './events.js';
import { IDEMPOTENCY_KEY_PATTERN, isPlainText, parseOrderId } from './limits.js';

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
  it.each(EVENTS)(
    '$type has its published schema, and a subject that the stream takes',
    ({ type, schema, dataschema }) => {
      const file = new URL(`../schemas/${type}.v1.schema.json`, import.meta.url);
      const published = JSON.parse(readFileSync(file, 'utf8')) as object;
      expect(published).toEqual({ $id: dataschema, title: type, ...z.toJSONSchema(schema, { io: 'input' }) });
      expect(ORDERS_STREAM.subjects.some((subject) => type.startsWith(subject.replace('>', '')))).toBe(true);
    },
  );

  it('are read by a consumer that does not know a field yet', () => {
    expect(orderSnapshot.parse({ ...snapshot, later: true })).toEqual(snapshot);
  });

  it.each(['id', 'customerId', 'items', 'totalCents', 'status', 'createdAt', 'version'])(
    'need %s',
    (field) => {
      expect(orderSnapshot.safeParse({ ...snapshot, [field]: undefined }).success).toBe(false);
    },
  );
});

describe('events take no text that the edge refuses', () => {
  it.each(['', 'a\0', 'a\x1fb', 'a\n', 'a\x7f', 'a\u0085', '\x9f'])('%j', (text) => {
    const [item] = snapshot.items;
    expect(orderSnapshot.safeParse({ ...snapshot, customerId: text }).success).toBe(false);
    expect(orderSnapshot.safeParse({ ...snapshot, items: [{ ...item, sku: text }] }).success).toBe(false);
  });

  it.each([' ', '~', '\xa0', 'Äpfel 🍏'])('but take %j', (text) => {
    expect(orderSnapshot.safeParse({ ...snapshot, customerId: text }).success).toBe(true);
  });
});

describe('limits', () => {
  it.each([
    ['plain', 'Äpfel 🍏', true],
    ['NUL', 'a\0', false],
    ['a line feed', 'a\n', false],
    ['a C1 control', 'a\u0085', false],
    ['half a surrogate', '\ud800', false],
  ])('isPlainText: %s', (_name, text, plain) => {
    expect(isPlainText(text)).toBe(plain);
  });

  it.each([
    ['a', true],
    ['!~', true],
    ['', false],
    ['a b', false],
    ['a\n', false],
    ['x'.repeat(256), false],
  ])('an idempotency key: %j is %s', (key, valid) => {
    expect(IDEMPOTENCY_KEY_PATTERN.test(key)).toBe(valid);
  });

  it.each([
    ['0199a1b2-c3d4-7e5f-8a9b-0c1d2e3f4a5b', '0199a1b2-c3d4-7e5f-8a9b-0c1d2e3f4a5b'],
    ['0199A1B2-C3D4-7E5F-8A9B-0C1D2E3F4A5B', '0199a1b2-c3d4-7e5f-8a9b-0c1d2e3f4a5b'],
    ['0199a1b2c3d47e5f8a9b0c1d2e3f4a5b', undefined],
    ['0199a1b2-c3d4-7e5f-8a9b-0c1d2e3f4a5b\n', undefined],
    ['', undefined],
  ])('the id of an order: %j is %s', (text, id) => {
    expect(parseOrderId(text)).toBe(id);
  });
});
