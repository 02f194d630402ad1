import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Child } from './child.ts';
import { endLeftovers, RunState } from './run-state.ts';

let folder: string;
let file: string;
let child: Child;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'run-state-'));
  file = join(folder, 'run.json');
  child = await Child.spawn({ command: process.execPath, args: ['-e', 'setInterval(() => {}, 1e6)'] });
});

afterEach(async () => {
  await child.stop();
  rmSync(folder, { recursive: true });
});

describe('what a killed system left running', () => {
  it('is ended, and named', async () => {
    new RunState(file).record('orders', child);
    await expect(endLeftovers(file)).resolves.toEqual([`orders (pid ${child.pid})`]);
    await child.exited; // it is dead; this process hears of it a moment later
    await expect(endLeftovers(file)).resolves.toBeUndefined();
  });

  it('is left alone when its number belongs to another process by now', async () => {
    new RunState(file).record('orders', child);
    writeFileSync(file, readFileSync(file, 'utf8').replace(/"identity":"[^"]*"/, '"identity":"another"'));
    await expect(endLeftovers(file)).resolves.toEqual([]);
    expect(child.running).toBe(true);
  });

  it('is nothing after a stop in good order', async () => {
    const state = new RunState(file);
    state.record('orders', child);
    state.clear();
    await expect(endLeftovers(file)).resolves.toBeUndefined();
  });
});
