import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from '@jest/globals';
import { startLock } from './start-lock.ts';

it('can be released after its folder was deleted', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'start-lock-'));
  const lock = await startLock(folder);
  rmSync(folder, { recursive: true });
  lock.stopping();
  lock.release();
  expect(existsSync(folder)).toBe(false);
});
