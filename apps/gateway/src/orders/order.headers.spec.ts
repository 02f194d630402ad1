import { describe, expect, it } from '@jest/globals';

import { parseIdempotencyKey, parseIfMatch, parseIfNoneMatch } from './order.headers.js';

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

const NO_TAGS = [
  '',
  ' ',
  ',',
  ', ,',
  '1',
  '"1',
  '1"',
  '"1" "2"',
  '"1""2"',
  '"1"; "2"',
  "'1'",
  'w/"1"',
  'W/ "1"',
  '*, "1"',
  '"1", *',
  '"a b"',
  '"\u0100"',
];

describe('parseIfMatch', () => {
  it.each([
    [undefined, undefined],
    ['*', undefined],
    [' * ', undefined],
    ['"1"', [1]],
    ['"9007199254740991"', [Number.MAX_SAFE_INTEGER]],
    ['"1", "2"', [1, 2]],
    ['"1","2"', [1, 2]],
    ['\t"1"\t,\t"2"\t', [1, 2]],
    [', "1", , "2",', [1, 2]],
    ['"1", W/"2", "x", "3"', [1, 3]],
    ['"a,\\b", "2"', [2]],
    ['"\u00fc"', []],
    ['""', []],
    ['"0"', []],
    ['"01"', []],
    ['"-1"', []],
    ['"*"', []],
    ['W/"1"', []],
    ['W/"1", W/"2"', []],
    ['"9007199254740993"', []],
    ['"99999999999999999"', []],
    ['"d41d8cd98f00b204e9800998ecf8427e-gzip"', []],
  ])('%j is versions %j', (header, versions) => {
    expect(parseIfMatch(header)).toEqual(versions);
  });

  it.each(NO_TAGS)('%j is no list of entity tags', (header) => {
    expect(() => parseIfMatch(header)).toThrow('if-match');
  });

  it('reads as many tags as fit into the headers', () => {
    const versions = Array.from({ length: 2_000 }, (_, n) => n + 1);
    expect(parseIfMatch(versions.map((version) => `"${version}"`).join())).toEqual(versions);
    expect(() => parseIfMatch(' '.repeat(16_000) + '?')).toThrow('if-match');
  });
});

describe('parseIfNoneMatch', () => {
  it.each([
    [undefined, []],
    ['*', [1, 2, 3]],
    ['"1"', [1]],
    ['W/"1"', [1]],
    ['"1", W/"3", "x"', [1, 3]],
    ['"01", "-1", "1.0", "1-gzip"', []],
    ['"*"', []],
  ])('%j names %j of the versions 1 to 3', (header, named) => {
    expect([1, 2, 3].filter(parseIfNoneMatch(header))).toEqual(named);
  });

  it.each(NO_TAGS)('%j is no list of entity tags', (header) => {
    expect(() => parseIfNoneMatch(header)).toThrow('if-none-match');
  });
});
