import { existsSync, readFileSync } from 'node:fs';
import { APPS, type AppDeclaration } from '@orders/dev/stack/declarations';

/** Whose work is counted apart: every app, and the servers. */
export function groupsOf(apps: readonly AppDeclaration[]): readonly string[] {
  return [...apps.map(({ name }) => name), 'postgres', 'nats'];
}

/** Those of this workspace. */
export const GROUPS = groupsOf(APPS);

/** One value for each of them, by its name. */
export type PerGroup<T> = Record<string, T>;

export function perGroup<T>(of: (group: string) => T): PerGroup<T> {
  return Object.fromEntries(GROUPS.map((group) => [group, of(group)]));
}

/** USER_HZ: what /proc counts processor time in, on every Linux. */
const TICKS_A_SECOND = 100;

/** Processor time and memory are read from /proc, which Linux alone has. */
export const HAS_PROC = existsSync('/proc/self/stat');

/** Processor time of a process, its children and those of them that have ended, user and system, in seconds. */
export function cpuSeconds(pid: number): number {
  const children = readOrEmpty(`/proc/${pid}/task/${pid}/children`).split(' ').filter(Boolean).map(Number);
  return children.reduce((sum, child) => sum + cpuSeconds(child), ticksOf(pid) / TICKS_A_SECOND);
}

/** Resident memory of a process now and at its highest, in MiB. */
export function memoryMiB(pid: number): { now: number; peak: number } {
  const status = readOrEmpty(`/proc/${pid}/status`);
  const field = (name: string): number =>
    Number(new RegExp(`^${name}:\\s+(\\d+) kB$`, 'm').exec(status)?.[1] ?? NaN) / 1024;
  return { now: field('VmRSS'), peak: field('VmHWM') };
}

/** Processor time of the machine that others took (a hypervisor's other guests), and all there was, in seconds. */
export function machineSeconds(stat = readOrEmpty('/proc/stat')): { stolen: number; total: number } {
  const ticks = (/^cpu +(.+)$/m.exec(stat)?.[1] ?? '').split(' ').map(Number);
  // user nice system idle iowait irq softirq steal; guest time, which follows, is part of user
  const total = ticks.slice(0, 8).reduce((sum, value) => sum + value, 0);
  return { stolen: (ticks[7] ?? 0) / TICKS_A_SECOND, total: total / TICKS_A_SECOND };
}

/** utime, stime and those of children that have been waited for: fields 14 to 17 of proc(5). */
export function ticksIn(stat: string): number {
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' '); // the name before may hold blanks; field 3 is first
  return fields.slice(11, 15).reduce((sum, field) => sum + Number(field), 0);
}

function ticksOf(pid: number): number {
  return ticksIn(readOrEmpty(`/proc/${pid}/stat`));
}

/** Empty when the process has ended, which between two looks it may. */
function readOrEmpty(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}
