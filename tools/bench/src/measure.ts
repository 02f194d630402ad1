import { eventLag, idOfNow, settled, type Counts, type Lag } from './effects.ts';
import { GROUPS, machineSeconds, type PerGroup } from './processes.ts';
import type { SystemUnderLoad } from './system-under-load.ts';

/** What one load came to. */
export interface Measurement extends Counts {
  /** Processor time per 1,000 orders, from the first request to the last effect, in seconds. */
  cpu: PerGroup<number>;
  totalCpu: number;
  lag: Lag;
  /** The highest resident memory of each so far, in MiB. */
  peakMiB: PerGroup<number>;
  /** Share of the machine's processor time that its hypervisor gave to others meanwhile. */
  steal: number;
}

/** Runs a load, waits for its last effect, and counts all that it led to. */
export async function measure<Result>(
  sut: SystemUnderLoad,
  signal: AbortSignal,
  load: () => Promise<Result>,
): Promise<Result & Measurement> {
  const since = await idOfNow(sut);
  const before = { cpu: sut.cpu(), machine: machineSeconds() };
  const result = await load();
  const counts = await settled(sut, since, signal);
  const after = { cpu: sut.cpu(), machine: machineSeconds() };
  const cpu = perGroup((group) => ((after.cpu[group] - before.cpu[group]) / counts.orders) * 1_000);
  const memory = sut.memory();
  return {
    ...result,
    ...counts,
    cpu,
    totalCpu: GROUPS.reduce((sum, group) => sum + cpu[group], 0),
    lag: await eventLag(sut, since),
    peakMiB: perGroup((group) => memory[group].peak),
    steal: stealBetween(before.machine, after.machine),
  };
}

type Machine = ReturnType<typeof machineSeconds>;

export function stealBetween(before: Machine, after: Machine): number {
  return (after.stolen - before.stolen) / (after.total - before.total);
}

function perGroup<T>(of: (group: (typeof GROUPS)[number]) => T): PerGroup<T> {
  return Object.fromEntries(GROUPS.map((group) => [group, of(group)])) as PerGroup<T>;
}
