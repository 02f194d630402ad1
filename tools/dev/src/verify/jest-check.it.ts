import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { jestCheck } from './jest-check.ts';

const LEFT_BEHIND = {
  'a timer': 'setInterval(() => {}, 1000);',
  'a loop': '(async () => { for (;;) await new Promise(setImmediate); })();',
};
const context = { signal: new AbortController().signal, onLine: () => undefined, note: () => undefined };

let folder: string;
beforeEach(() => void (folder = mkdtempSync(join(tmpdir(), 'jest-check-'))));
afterEach(() => rmSync(folder, { recursive: true }));

/** A workspace whose only test passes after the statement. */
function configWith(statement: string): string {
  writeFileSync(join(folder, 'one.test.cjs'), `test('one', () => { ${statement} });`);
  const file = join(folder, 'jest.config.json');
  writeFileSync(file, JSON.stringify({ testMatch: ['**/*.test.cjs'], maxWorkers: 1, testTimeout: 600_000 }));
  return file;
}

it.each(Object.entries(LEFT_BEHIND))(
  'a run whose tests left %s is stopped and fails',
  async (_, statement) => {
    const limits = { fileMs: 60_000, endMs: 100 };
    const result = await jestCheck('tests', configWith(statement), { limits }).run(context);
    expect(result).toMatchObject({ passed: 1, failed: 1 });
    expect(result.output).toContain('All tests ended, but Jest did not within 0.1 s');
  },
);

it('a run whose tests never end is stopped and fails', async () => {
  const limits = { fileMs: 3_000, endMs: 60_000 };
  const result = await jestCheck('tests', configWith('return new Promise(() => {});'), { limits }).run(
    context,
  );
  expect(result).toMatchObject({ passed: 0, failed: 2 });
  expect(result.output).toContain('No test file ended for 3 s');
});
