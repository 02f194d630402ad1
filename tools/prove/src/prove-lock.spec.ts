import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Problem } from '@orders/dev/bootstrap/problem.mjs';
import { alone } from './prove-lock.ts';

let folder: string;
let path: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'prove-lock-'));
  path = join(folder, 'lock');
});
afterEach(() => rmSync(folder, { recursive: true }));

describe('one proof at a time', () => {
  it('does not begin a second one, and names the first', async () => {
    let begun = false;
    const second = (): Promise<void> =>
      alone(async () => {
        begun = true;
      }, path);
    await alone(async () => {
      const refusal = await second().catch((error: unknown) => error);
      expect(refusal).toBeInstanceOf(Problem);
      expect(String(refusal)).toContain(`pid ${process.pid},`);
      expect(begun).toBe(false);
    }, path);
    await second();
    expect(begun).toBe(true);
  });

  it('lets the next one begin after one that failed', async () => {
    await expect(alone(() => Promise.reject(new Error('failed')), path)).rejects.toThrow('failed');
    expect(await alone(() => Promise.resolve(0), path)).toBe(0);
  });
});
