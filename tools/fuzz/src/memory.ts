import { existsSync, readFileSync } from 'node:fs';
import type { System } from '@orders/dev/stack/system';

/** The resident memory of each app in MiB, by its name; empty where there is no /proc. */
export function memoryOf({ apps }: System): ReadonlyMap<string, number> {
  const found = Object.values(apps).flatMap(({ name, pid }): [string, number][] => {
    const file = `/proc/${pid}/status`;
    if (pid === undefined || !existsSync(file)) return [];
    const [, kib = '0'] = /^VmRSS:\s+(\d+)/m.exec(readFileSync(file, 'utf8')) ?? [];
    return [[name, Math.round(Number(kib) / 1_024)]];
  });
  return new Map(found);
}

/** What a process may have more than after its first good orders: its heap has not reached its size then. */
const GROWTH_MIB = 150;

/** The apps that kept more memory than good orders explain. */
export function keptMemory(
  before: ReadonlyMap<string, number>,
  after: ReadonlyMap<string, number>,
): string[] {
  return [...after]
    .filter(([name, mib]) => mib > (before.get(name) ?? mib) + GROWTH_MIB)
    .map(([name, mib]) => `${name} takes ${mib} MiB, ${before.get(name)} MiB before`);
}
