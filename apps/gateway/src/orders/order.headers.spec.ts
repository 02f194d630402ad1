import { describe, expect, it } from '@jest/globals';

import { parseIdempotencyKey, parseIfMatch } from './order.headers.js';

describe('parseIdempotencyKey', () => {
  it.each([
    [undefined, undefined],
    ['abc', 'abc'],
    ['"abc"', 'abc'],
    ['"a\\"b\\\\c"', 'a"b\\c'],
    ['"', '"'],
    ['a"b', 'a"b'],
    ['x'.repeat(255), 'x'.repeat(255)],
    [`"${'x'.repeat(255)}"`, 'x'.repeat(255)],
  ])('%j is %j', (header, key) => {
    expect(parseIdempotencyKey(header)).toBe(key);
  });

  it.each(['', '""', ' ', 'a b', '"a b"', 'a\tb', 'é', 'a\u007f', 'x'.repeat(256)])(
    '%j is no key',
    (header) => {
      expect(() => parseIdempotencyKey(header)).toThrow('idempotency-key');
    },
  );
});

describe('parseIfMatch', () => {
  it.each([
    [undefined, 0],
    ['*', 0],
    ['"1"', 1],
    ['"9007199254740991"', Number.MAX_SAFE_INTEGER],
  ])('%j is version %d', (header, version) => {
    expect(parseIfMatch(header)).toBe(version);
  });

  it.each(['', '1', '"0"', '"01"', '"-1"', 'W/"1"', '"1", "2"', '"9007199254740993"', '"99999999999999999"'])(
    '%j is no version',
    (header) => {
      expect(() => parseIfMatch(header)).toThrow('if-match');
    },
  );
});
