import { describe, expect, it } from '@jest/globals';
import { DomainError } from '@orders/contracts';
import fc from 'fast-check';
import { parseStrictJson } from './json.js';

const parse = (text: string) => parseStrictJson(Buffer.from(text));

function refusal(run: () => unknown): { code: string; pointer: string | undefined } {
  try {
    run();
  } catch (error) {
    if (error instanceof DomainError) return { code: error.code, pointer: error.errors[0]?.pointer };
  }
  throw new Error('was not refused');
}

describe('parseStrictJson', () => {
  it('returns what JSON.parse returns, for any JSON', () => {
    fc.assert(
      fc.property(fc.json({ maxDepth: 8 }), (text) => {
        if (text.includes('__proto__')) return;
        expect(parse(text)).toEqual(JSON.parse(text));
      }),
    );
  });

  it.each([
    '{"a":1.0}',
    '[1e2, -0, 0.1, 1.50e3, 9007199254740991, 1E+2, 0.000001, 1e21]',
    '"\\\\"',
    '{"\\"":{"":[]}}',
  ])('accepts %s', (text) => {
    expect(parse(text)).toEqual(JSON.parse(text));
  });

  it.each([
    ['{"a":1,"a":2}', '/a'],
    ['{"a":1,"\\u0061":2}', '/a'],
    ['{"x":[0,{"a":{"a":1},"a":2}]}', '/x/1/a'],
    ['{"a/b~":1,"a/b~":1}', '/a~1b~0'],
    ['{"":1,"":1}', '/'],
    ['{"__proto__":1}', '/__proto__'],
    ['{"\\u005f_proto__":1}', '/__proto__'],
  ])('refuses a repeated or forbidden key: %s', (text, pointer) => {
    expect(refusal(() => parse(text))).toEqual({ code: 'malformed-request', pointer });
  });

  it('accepts the same key in another object, and a text that looks like a key', () => {
    expect(parse('[{"a":1},{"a":"\\"a\\":"},["a","a"]]')).toHaveLength(3);
  });

  it.each([
    ['[9007199254740993]', '/0'],
    ['{"p":1.00000000000000001}', '/p'],
    ['{"p":123456789012345678901234567890}', '/p'],
    ['{"p":1e400}', '/p'],
    ['{"p":1e-400}', '/p'],
    ['{"p":0.1000000000000000055511151231257827}', '/p'],
    [`[${'9'.repeat(60_000)}]`, '/0'],
    ['{"p":1e99999999999999999999}', '/p'],
  ])('refuses to round %.60s', (text, pointer) => {
    expect(refusal(() => parse(text))).toEqual({ code: 'validation-failed', pointer });
  });

  it('accepts 32 levels, and refuses 33 or many more without a stack overflow', () => {
    const nested = (levels: number) => '['.repeat(levels) + ']'.repeat(levels);
    expect(parse(nested(32))).toBeDefined();
    for (const levels of [33, 30_000])
      expect(refusal(() => parse(nested(levels))).code).toBe('malformed-request');
  });

  it.each([[[0xff]], [[0x22, 0xc3, 0x22]], [[0x22, 0xed, 0xa0, 0x80, 0x22]], [[0xef, 0xbb, 0xbf, 0x31]]])(
    'refuses the bytes %j',
    (bytes) => {
      expect(refusal(() => parseStrictJson(Buffer.from(bytes))).code).toBe('malformed-request');
    },
  );

  it.each(['', ' ', '{', '[1,]', '{"a":1,}', 'NaN', '01', '.5', "{'a':1}", '1 2', 'tru'])(
    'refuses %j',
    (text) => {
      expect(refusal(() => parse(text)).code).toBe('malformed-request');
    },
  );

  it('stays cheap on the largest body', () => {
    const keys = Array.from({ length: 8_000 }, (_, i) => `"k${i}":1`).join();
    const quotes = `"${'\\\\'.repeat(32_000)}"`;
    const before = process.cpuUsage();
    parse(`{${keys}}`);
    parse(quotes);
    parse(`"${'\\"'.repeat(32_000)}"`);
    // Processor time, which does not grow on a busy machine, in microseconds.
    expect(process.cpuUsage(before).user).toBeLessThan(500_000);
  });
});
