import { spawnSync } from 'node:child_process';
import { describe, expect, it } from '@jest/globals';
import { EXAMPLE_APPS } from '@orders/dev/testing/example-apps';
import { cpuSeconds, groupsOf, HAS_PROC, machineSeconds, memoryMiB, ticksIn } from './processes.ts';

describe('processor time', () => {
  it('is counted for every app that is declared, and for the servers', () => {
    const apps = ['gateway', 'orders', 'fulfillment', 'payments', 'loyalty'];
    expect(groupsOf(EXAMPLE_APPS)).toEqual([...apps, 'postgres', 'nats']);
  });

  it('is user and system time of a process and of its ended children, whatever its name contains', () => {
    const before = '1 2 3 4 5 6 7 8 9 10'; // parent to major faults
    expect(ticksIn(`42 (a) b) S ${before} 7 5 11 13 20 0`)).toBe(7 + 5 + 11 + 13);
  });

  it('that other guests took is steal, a part of the total', () => {
    expect(machineSeconds('cpu  100 0 200 300 0 0 0 400 50 0\ncpu0 1 2 3\n')).toEqual({
      stolen: 4,
      total: 10,
    });
  });

  (HAS_PROC ? it : it.skip)('of this process grows with its work and that of its children', () => {
    const before = cpuSeconds(process.pid);
    spawnSync(process.execPath, ['-e', 'while (process.cpuUsage().user < 200_000);']);
    expect(cpuSeconds(process.pid) - before).toBeGreaterThanOrEqual(0.2);
    expect(memoryMiB(process.pid).peak).toBeGreaterThan(10);
  });
});
