import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { coveringFilter, covers } from './subjects.js';

describe('a filter', () => {
  it.each([
    ['orders.created', 'orders.created', true],
    ['orders.created', 'orders.canceled', false],
    ['orders.created', 'orders.*', true],
    ['orders.replay.shop.orders.created', 'orders.*', false],
    ['orders.replay.shop.orders.created', 'orders.replay.shop.>', true],
    ['orders.replay.shop', 'orders.replay.shop.>', false],
    ['orders', 'orders.created', false],
    ['orders.created', '>', true],
  ])('for the subject %s, %s, covers it: %s', (subject, filter, expected) => {
    expect(covers(filter, subject)).toBe(expected);
  });
});

describe('covers', () => {
  it.each([
    ['orders.>', 'orders.*', true],
    ['orders.>', 'orders.>', true],
    ['orders.>', 'orders.replay.shop.>', true],
    ['orders.replay.shop.>', 'orders.>', false],
    ['orders.*', 'orders.>', false],
    ['orders.*', 'orders.created', true],
    ['orders.created', 'orders.*', false],
    ['*.created', 'orders.created', true],
    ['>', '*', true],
  ])('of %s and %s is %s', (filter, other, expected) => {
    expect(covers(filter, other)).toBe(expected);
  });
});

describe('coveringFilter', () => {
  it.each([
    [['orders.created'], 'orders.created'],
    [['orders.created', 'orders.canceled'], 'orders.>'],
    [['orders.created', 'orders.canceled', 'orders.replay.shop.>'], 'orders.>'],
    [['a.b.c', 'a.x.c'], 'a.>'],
    [['a.>', 'a.>'], 'a.>'],
    [['a.>', 'a.b'], 'a.>'],
    [['a.b', 'c'], '>'],
    [['a', 'a.b'], '>'],
  ])('of %j is %s', (filters, expected) => {
    expect(coveringFilter(filters)).toBe(expected);
  });

  it('matches every subject that one of the filters matches', () => {
    const token = fc.constantFrom('a', 'b', 'c');
    const subject = fc.array(token, { minLength: 1, maxLength: 4 });
    const filter = fc
      .tuple(fc.array(fc.oneof(token, fc.constant('*')), { minLength: 1, maxLength: 4 }), fc.boolean())
      .map(([tokens, isOpen]) => (isOpen ? [...tokens, '>'] : tokens).join('.'));
    fc.assert(
      fc.property(fc.array(filter, { minLength: 1, maxLength: 4 }), subject, (filters, tokens) => {
        const name = tokens.join('.');
        fc.pre(filters.some((each) => covers(each, name)));
        expect(covers(coveringFilter(filters), name)).toBe(true);
      }),
    );
  });
});
