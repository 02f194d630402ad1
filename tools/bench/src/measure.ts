import { of } from '@orders/dev/stack/wiring';
import { worstOf, type Consumed, type PerConsumer } from './consumers.ts';
import { eventLags, idOfNow, settled } from './effects.ts';
import { machineSeconds, perGroup, type PerGroup } from './processes.ts';
import type { SystemUnderLoad } from './system-under-load.ts';

/** What one load led to. `effects` are the fewest of any consumer, `lag` is the longest. */
export interface Measurement extends Consumed {
  /** Orders stored. */
  orders: number;
  consumers: PerConsumer<Consumed>;
  /** Processor time per 1,000 requests answered 2xx, from the first request to the last effect, in seconds. */
  cpu: PerGroup<number>;
  totalCpu: number;
  /** The highest resident memory of each so far, in MiB. */
  peakMiB: PerGroup<number>;
  /** Share of the machine's processor time that its hypervisor gave to other guests meanwhile. */
  steal: number;
}

/** Runs a load, waits for its last effect, and measures what it led to. */
export async function measure<Result extends { acknowledged: number }>(
  sut: SystemUnderLoad,
  signal: AbortSignal,
  load: () => Promise<Result>,
): Promise<Result & Measurement> {
  const since = idOfNow();
  const before = { cpu: sut.cpu(), machine: machineSeconds() };
  const result = await load();
  const { orders, effects } = await settled(sut, since, signal);
  const after = { cpu: sut.cpu(), machine: machineSeconds() };
  const { acknowledged } = result;
  const cpu = perGroup((group) => ((of(after.cpu, group) - of(before.cpu, group)) / acknowledged) * 1_000);
  const memory = sut.memory();
  const lags = await eventLags(sut, since);
  const consumers: PerConsumer<Consumed> = {};
  for (const [name, lag] of Object.entries(lags)) consumers[name] = { effects: of(effects, name), lag };
  return {
    ...result,
    orders,
    ...worstOf(consumers),
    consumers,
    cpu,
    totalCpu: Object.values(cpu).reduce((sum, seconds) => sum + seconds, 0),
    peakMiB: perGroup((group) => of(memory, group).peak),
    steal: stealBetween(before.machine, after.machine),
  };
}

type Machine = ReturnType<typeof machineSeconds>;

export function stealBetween(before: Machine, after: Machine): number {
  return (after.stolen - before.stolen) / (after.total - before.total);
}
