import { describe, expect, it } from '@jest/globals';
import { z } from 'zod';
import { fieldErrors, parameter } from './field-errors.js';

const schema = z.strictObject({
  items: z.array(z.strictObject({ 'a/b': z.int() })).min(1),
  limit: z.int().optional(),
});
const issues = (value: unknown) => schema.safeParse(value).error?.issues ?? [];

describe('fieldErrors', () => {
  it('points at each invalid place by RFC 6901', () => {
    expect(fieldErrors(issues({ items: [{ 'a/b': 1 }, { 'a/b': 'x' }] }))).toMatchObject([
      { pointer: '/items/1/a~1b' },
    ]);
    expect(fieldErrors(issues(7))).toMatchObject([{ pointer: '' }]);
  });

  it('names each unknown key, cut after 64 characters', () => {
    const errors = fieldErrors(issues({ items: [{ 'a/b': 1, x: 1, y: 1 }], ['z'.repeat(500)]: 1 }));
    expect(errors.map((error) => error.pointer)).toEqual(['/items/0/x', '/items/0/y', `/${'z'.repeat(64)}`]);
  });

  it('reports a missing field as required', () => {
    expect(fieldErrors(issues({}))).toEqual([{ pointer: '/items', detail: 'is required' }]);
  });

  it('names parameters without slashes', () => {
    expect(fieldErrors(issues({ items: [{ 'a/b': 1 }], limit: 'x' }), parameter)).toMatchObject([
      { pointer: 'limit' },
    ]);
  });
});
