import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { processIdentity, tryLock } from '../bootstrap/lock.mjs';
import { explain, hopelessness } from '../bootstrap/npm-ci.mjs';

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

describe('an npm ci without a network', () => {
  const failures = (count: number): string =>
    'npm http fetch GET https://r/x attempt 1 failed with EAI_AGAIN\n'.repeat(count);

  it('is given up once many requests have failed and none was answered', () => {
    const give = { up: jest.fn() };
    const lookAt = hopelessness(give.up);
    lookAt(failures(19));
    expect(give.up).not.toHaveBeenCalled();
    lookAt(failures(1));
    expect(give.up).toHaveBeenCalled();
  });

  it('goes on while anything is answered', () => {
    const give = { up: jest.fn() };
    const lookAt = hopelessness(give.up);
    lookAt('npm http fetch GET 200 https://r/y 12ms (cache miss)\n');
    lookAt(failures(100));
    expect(give.up).not.toHaveBeenCalled();
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

  it('has one holder at a time, and names it', () => {
    const first = tryLock(path);
    expect(tryLock(path)).toMatchObject({ holder: { pid: process.pid } });
    if ('release' in first) first.release();
    expect(tryLock(path)).toHaveProperty('release');
    expect(readdirSync(folder)).toEqual(['lock']);
  });

  it.each([
    ['is gone', JSON.stringify({ pid: 2 ** 22 + 1, identity: 'x', since: '' })],
    [
      'has ended and another process has its pid',
      JSON.stringify({ pid: process.pid, identity: 'earlier', since: '' }),
    ],
    ['wrote only half of it', '{"pid":'],
  ])('does not count when its holder %s', (_what, content) => {
    writeFileSync(path, content);
    expect(tryLock(path)).toHaveProperty('release');
  });

  it('that is handed over lasts as long as its new holder', async () => {
    const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1e6)']);
    await once(child, 'spawn');
    const lock = tryLock(path);
    if ('handOver' in lock) lock.handOver(child.pid ?? 0);
    expect(tryLock(path)).toMatchObject({ holder: { pid: child.pid } });
    child.kill('SIGKILL');
    await once(child, 'exit');
    expect(tryLock(path)).toHaveProperty('release');
  });

  it('knows no process that has ended', () => {
    expect(processIdentity(process.pid)).toBeDefined();
    expect(processIdentity(spawnSync('true').pid)).toBeUndefined();
  });
});
