import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { ArmedPoints } from './armed-points.ts';

const HERE = { name: 'orders-here', app: 'orders', place: 'here' };

describe('an armed crash point', () => {
  let folder: string;
  let armed: ArmedPoints;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'crash-points-'));
    armed = new ArmedPoints(join(folder, 'armed'));
    armed.environmentOf('orders');
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  const passBy = (place: string, app = 'orders') =>
    spawnSync(process.execPath, ['--eval', `globalThis.crashAt?.('${place}')`], {
      env: { ...process.env, ...armed.environmentOf(app) },
    });

  it('kills the first process that reaches it, and no second one', () => {
    armed.arm(HERE);
    expect(passBy('elsewhere')).toMatchObject({ status: 0 });
    expect(armed.isArmed(HERE)).toBe(true);
    expect(passBy('here')).toMatchObject({ signal: 'SIGKILL' });
    expect(armed.isArmed(HERE)).toBe(false);
    expect(passBy('here')).toMatchObject({ status: 0 });
  });

  it('kills no other app, though it runs the same code', () => {
    armed.arm(HERE);
    expect(passBy('here', 'loyalty')).toMatchObject({ status: 0 });
    expect(armed.isArmed(HERE)).toBe(true);
  });

  it('can be disarmed until it has killed a process', () => {
    armed.arm(HERE);
    expect(armed.disarm(HERE)).toBe(true);
    expect(armed.disarm(HERE)).toBe(false);
  });
});
