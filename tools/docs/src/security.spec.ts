import { describe, expect, it } from '@jest/globals';
import { readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { countCases } from './test-cases.ts';

const root = resolve(import.meta.dirname, '../../..');
const document = join(root, 'docs/security.md');
const ROW = /^\| (\S.*?) +\| +(\d+) \| `(\S+)` +\|$/gm;
const casesOf = (file: string) => countCases(readFileSync(join(root, file), 'utf8'));

// With GENERATE=1 the counts are written instead of compared.
if (process.env['GENERATE']) {
  const old = readFileSync(document, 'utf8');
  const counted = old.replaceAll(ROW, (row, _what, _cases, file: string) =>
    row.replace(/\| +\d+ \|/, `| ${String(casesOf(file)).padStart(5)} |`),
  );
  writeFileSync(document, counted);
}

const text = readFileSync(document, 'utf8');
const rows = [...text.matchAll(ROW)].map(([, what = '', cases, file = '']) => ({
  what,
  cases: Number(cases),
  file,
}));

it('docs/security.md has a table of cases', () => {
  expect(rows.length).toBeGreaterThan(5);
});

describe.each(rows)('$what', ({ cases, file }) => {
  it('are as many as docs/security.md tells', () => {
    expect({ file, cases }).toEqual({ file, cases: casesOf(file) });
  });
});

describe('cases of a file', () => {
  it('are the rows of its tables, and the tests without one', () => {
    const tests = `
      const TABLE = [1, 2, 3];
      describe.each([['a'], ['b']])('%s', () => {
        it.each<[number]>([[1], [2]])('x', () => {});
        it('y', () => {});
      });
      it.each(TABLE)('z', () => { const inner = it; });
      it('alone', () => {});`;
    expect(countCases(tests)).toBe(2 * (2 + 1) + 3 + 1);
  });

  it('cannot be counted when a table comes from elsewhere', () => {
    expect(() => countCases('it.each(rowsOf(file))("x", () => {});')).toThrow('rowsOf(file)');
  });
});
