import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { ArmedPoints } from './armed-points.ts';

describe('an armed crash point', () => {
  let folder: string;
  let armed: ArmedPoints;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'crash-points-'));
    armed = new ArmedPoints(join(folder, 'armed'));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  const passBy = (point: string) =>
    spawnSync(process.execPath, ['--eval', `globalThis.crashAt?.('${point}')`], {
      env: { ...process.env, ...armed.environment },
    });

  it('kills the first process that comes by, and no second one', () => {
    armed.arm('here');
    expect(passBy('elsewhere')).toMatchObject({ status: 0 });
    expect(armed.isArmed('here')).toBe(true);
    expect(passBy('here')).toMatchObject({ signal: 'SIGKILL' });
    expect(armed.isArmed('here')).toBe(false);
    expect(passBy('here')).toMatchObject({ status: 0 });
  });

  it('can be disarmed, unless somebody died of it', () => {
    armed.arm('here');
    expect(armed.disarm('here')).toBe(true);
    expect(armed.disarm('here')).toBe(false);
  });
});
