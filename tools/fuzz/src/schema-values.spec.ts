import { describe, expect, it } from '@jest/globals';
import { Ajv2020 } from 'ajv/dist/2020.js';
import fc from 'fast-check';
import { atBound, broken, type Schema, valid } from './schema-values.ts';

const SCHEMA: Schema = {
  type: 'object',
  required: ['items'],
  additionalProperties: false,
  properties: {
    note: { type: 'string', maxLength: 8 },
    kind: { type: 'string', enum: ['a', 'b'] },
    cursor: { type: 'string', pattern: '^[a-z0-9]{1,9}$' },
    items: {
      type: 'array',
      minItems: 1,
      maxItems: 4,
      items: {
        type: 'object',
        required: ['sku', 'quantity'],
        additionalProperties: false,
        properties: {
          sku: { type: 'string', minLength: 1, maxLength: 5 },
          quantity: { type: 'integer', exclusiveMinimum: 0, maximum: 1_000 },
        },
      },
    },
  },
};

const ajv = new Ajv2020({ strict: false });
const matches = ajv.compile(SCHEMA);
const sorted = (values: readonly string[]) => [...new Set(values)].sort();

describe('values made from a schema', () => {
  it('match it, also at its bounds', () => {
    fc.assert(fc.property(fc.oneof(valid(SCHEMA), atBound(SCHEMA)), (value) => matches(value)));
  });

  it('reach each bound', () => {
    const quantities = fc
      .sample(atBound(SCHEMA), { numRuns: 500, seed: 1 })
      .flatMap((value) => (value as { items: { quantity: number }[] }).items.map(({ quantity }) => quantity));
    expect(quantities).toEqual(expect.arrayContaining([1, 1_000]));
    const lengths = fc
      .sample(atBound(SCHEMA), { numRuns: 500, seed: 1 })
      .map((value) => (value as { items: unknown[] }).items.length);
    expect(lengths).toEqual(expect.arrayContaining([1, 4]));
  });

  it('that are broken do not match it, unless they break what no schema says', () => {
    fc.assert(
      fc.property(broken(SCHEMA), ({ value, why }) => !matches(value) || why.endsWith('is no plain text')),
    );
  });

  it('are broken in every way there is', () => {
    const ways = fc.sample(broken(SCHEMA), { numRuns: 4_000, seed: 1 }).map(({ why }) => why);
    expect(sorted(ways)).toEqual([
      '/cursor does not match',
      '/cursor is no string',
      '/items is missing',
      '/items is no array',
      '/items is too long',
      '/items is too short',
      '/items/… has an unknown property',
      '/items/… is no object',
      '/items/…/quantity is missing',
      '/items/…/quantity is no integer',
      '/items/…/quantity is no whole number',
      '/items/…/quantity is too large',
      '/items/…/quantity is too small',
      '/items/…/sku is empty',
      '/items/…/sku is missing',
      '/items/…/sku is no plain text',
      '/items/…/sku is no string',
      '/items/…/sku is too long',
      '/kind is no string',
      '/kind is none of the list',
      '/note is no plain text',
      '/note is no string',
      '/note is too long',
      'has an unknown property',
      'is no object',
    ]);
  });
});
