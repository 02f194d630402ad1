import { Disk } from './disk.ts';
import { fakeTime } from './fake-time.ts';
import { packetFilter } from './packet-filter.ts';

/** What a fault may need of the machine. */
export type MachineTrait = 'disks' | 'packet filter' | 'fake time';

/** What a machine does not have, each with the reason. */
export type Machine = Readonly<Partial<Record<MachineTrait, string>>>;

let found: Promise<Machine> | undefined;

/** Checks the machine once and remembers what it lacks. */
export function thisMachine(): Promise<Machine> {
  return (found ??= checked());
}

async function checked(): Promise<Machine> {
  const reasons: Record<MachineTrait, string | undefined> = {
    disks: await Disk.unavailable(),
    'packet filter': await packetFilter.unavailable(),
    'fake time': await fakeTime.unavailable(),
  };
  return Object.fromEntries(Object.entries(reasons).filter(([, reason]) => reason !== undefined));
}
