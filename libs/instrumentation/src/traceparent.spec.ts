import { describe, expect, it } from '@jest/globals';

import { formatTraceparent, makeTraceparent, parseTraceparent, traceIdOf } from './traceparent.js';

const TRACE = '0af7651916cd43dd8448eb211c80319c';
const SPAN = 'b7ad6b7169203331';

describe('parseTraceparent', () => {
  it('parses what formatTraceparent writes', () => {
    const context = { traceId: TRACE, spanId: SPAN, traceFlags: 1 };
    expect(formatTraceparent(context)).toBe(`00-${TRACE}-${SPAN}-01`);
    expect(parseTraceparent(formatTraceparent(context))).toEqual(context);
    expect(traceIdOf(formatTraceparent(context))).toBe(TRACE);
  });

  it('parses a later version by the rules of version 00', () => {
    expect(parseTraceparent(`cc-${TRACE}-${SPAN}-00-what-comes-later`)?.traceId).toBe(TRACE);
  });

  it.each([
    undefined,
    7,
    '',
    'garbage',
    `00-${TRACE}-${SPAN}`,
    `00-${TRACE}-${SPAN}-01-more`,
    `ff-${TRACE}-${SPAN}-01`,
    `00-${TRACE.toUpperCase()}-${SPAN}-01`,
    `00-${'0'.repeat(32)}-${SPAN}-01`,
    `00-${TRACE}-${'0'.repeat(16)}-01`,
    `00-${TRACE}-${SPAN}-01, 00-${TRACE}-${SPAN}-01`,
    `cc-${TRACE}-${SPAN}-01-${'x'.repeat(600)}`,
  ])('refuses %s', (text) => {
    expect(parseTraceparent(text)).toBeUndefined();
  });
});

describe('makeTraceparent', () => {
  it('makes valid, sampled, different ones, also when its pool of random bytes runs out', () => {
    const made = Array.from({ length: 500 }, makeTraceparent);
    expect(new Set(made).size).toBe(500);
    for (const text of made) expect(parseTraceparent(text)?.traceFlags).toBe(1);
  });
});
