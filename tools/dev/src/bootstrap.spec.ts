import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { explain } from '../bootstrap/install.mjs';
import { processIdentity, tryLock } from '../bootstrap/lock.mjs';

describe('why npm ci failed', () => {
  it.each([
    [
      'npm error code ENOTFOUND\nnpm error network request to … failed',
      /No network to the npm registry \(ENOTFOUND\)/,
    ],
    ['npm ERR! code EAI_AGAIN', /No network to the npm registry \(EAI_AGAIN\)/],
    ['npm error code ENOSPC', /No space left/],
    ['npm error code EUSAGE\nnpm error lock file out of date', /npm ci failed: lock file out of date/],
    ['', /npm ci failed: see the log/],
  ])('%j', (output, expected) => {
    expect(explain(output)).toMatch(expected);
  });
});

describe('a lock', () => {
  let folder: string;
  let path: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'lock-'));
    path = join(folder, 'lock');
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  it('is had by one at a time, and says by whom', () => {
    const first = tryLock(path);
    expect(tryLock(path)).toMatchObject({ holder: { pid: process.pid } });
    if ('release' in first) first.release();
    expect(tryLock(path)).toHaveProperty('release');
    expect(readdirSync(folder)).toEqual(['lock']);
  });

  it.each([
    ['is gone', JSON.stringify({ pid: 2 ** 22 + 1, identity: 'x', since: '' })],
    [
      'left its number to another process',
      JSON.stringify({ pid: process.pid, identity: 'earlier', since: '' }),
    ],
    ['wrote only half of it', '{"pid":'],
  ])('does not count when its holder %s', (_what, content) => {
    writeFileSync(path, content);
    expect(tryLock(path)).toHaveProperty('release');
  });

  it('knows no process that has ended', () => {
    expect(processIdentity(process.pid)).toBeDefined();
    expect(processIdentity(spawnSync('true').pid)).toBeUndefined();
  });
});
