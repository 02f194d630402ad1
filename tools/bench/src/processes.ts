import { existsSync, readFileSync } from 'node:fs';
import { APPS, type AppDeclaration } from '@orders/dev/stack/declarations';

/** The groups whose CPU and memory are counted separately: every app and each server. */
export function groupsOf(apps: readonly AppDeclaration[]): readonly string[] {
  return [...apps.map(({ name }) => name), 'postgres', 'nats'];
}

/** The groups of this workspace. */
export const GROUPS = groupsOf(APPS);

/** One value for each group, by its name. */
export type PerGroup<T> = Record<string, T>;

export function perGroup<T>(of: (group: string) => T, groups = GROUPS): PerGroup<T> {
  return Object.fromEntries(groups.map((group) => [group, of(group)]));
}

/** USER_HZ: the unit of processor time in /proc, the same on every Linux. */
const TICKS_A_SECOND = 100;

/** Whether there is a /proc to read processor time and memory from: only Linux has it. */
export const HAS_PROC = existsSync('/proc/self/stat');

/** Processor time (user and system) of a process, its running children and its ended ones, in seconds. */
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

/** Processor time of the machine in seconds: the total, and what the hypervisor gave to other guests. */
export function machineSeconds(stat = readOrEmpty('/proc/stat')): { stolen: number; total: number } {
  const ticks = (/^cpu +(.+)$/m.exec(stat)?.[1] ?? '').split(' ').map(Number);
  // user nice system idle iowait irq softirq steal; guest time, which follows, is part of user
  const total = ticks.slice(0, 8).reduce((sum, value) => sum + value, 0);
  return { stolen: (ticks[7] ?? 0) / TICKS_A_SECOND, total: total / TICKS_A_SECOND };
}

/** utime, stime and those of children that have been waited for: fields 14 to 17 of proc(5). */
export function ticksIn(stat: string): number {
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' '); // the name may contain blanks; fields[0] is field 3
  return fields.slice(11, 15).reduce((sum, field) => sum + Number(field), 0);
}

function ticksOf(pid: number): number {
  return ticksIn(readOrEmpty(`/proc/${pid}/stat`));
}

/** '' when the process has ended: it may do so at any time. */
function readOrEmpty(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}
