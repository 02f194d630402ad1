import { describe, expect, it } from '@jest/globals';
import { markdownTable, textTable } from './tables.ts';

describe('a table for the terminal', () => {
  it('has figures to the right, words to the left, and nothing behind the last word', () => {
    const rows = [
      ['64 connections', '1,234', '82 % of peak', 'yes'],
      ['128 connections', '–', '7 ms', 'NO'],
    ];
    expect(textTable(['', 'orders/s', 'measured', 'complete'], rows)).toBe(
      [
        '                 orders/s      measured  complete',
        '64 connections      1,234  82 % of peak  yes',
        '128 connections         –          7 ms  NO',
      ].join('\n'),
    );
  });

  it('needs no head, and takes a sentence that begins with a number for words', () => {
    const rows = [
      ['lint', '2.0 s', '1 passed, 0 failed'],
      ['unit', '12.3 s', '5 passed, 2 failed, 1 skipped'],
    ];
    expect(textTable([], rows)).toBe(
      ['lint   2.0 s  1 passed, 0 failed', 'unit  12.3 s  5 passed, 2 failed, 1 skipped'].join('\n'),
    );
  });
});

it('a table in Markdown is what Prettier would make of it', () => {
  expect(markdownTable(['', 'a|b'], [['one', '1']])).toBe(
    ['|     | a\\|b |', '| --- | ---- |', '| one | 1    |'].join('\n'),
  );
});
