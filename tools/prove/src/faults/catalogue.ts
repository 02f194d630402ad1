import { APPS, type AppDeclaration } from '@orders/dev/stack/declarations';
import { edgesOf } from '../edges.ts';
import type { Machine } from '../machine.ts';
import type { Platform } from '../platform.ts';
import { crashPointsOf } from '../prove-build/crash-points.ts';
import { clusterFaults } from './cluster.ts';
import { crashFault } from './crash.ts';
import { databaseFaults } from './database.ts';
import { DISK_FAULTS } from './disks.ts';
import type { Fault } from './fault.ts';
import { networkFaults } from './network.ts';
import { POISON_FAULT } from './poison.ts';
import { processFaults } from './processes.ts';
import { SERVER_FAULTS } from './servers.ts';
import { STANDBY_FAULTS } from './standby.ts';
import { streamFaults } from './stream.ts';

/** All faults that can be injected into a system of these apps. */
export function faultsOf(apps: readonly AppDeclaration[]): readonly Fault[] {
  return [
    ...processFaults(apps),
    ...SERVER_FAULTS,
    crashFault(crashPointsOf(apps)),
    ...networkFaults(edgesOf(apps).map(({ name }) => name)),
    ...databaseFaults(apps),
    ...streamFaults(apps),
    ...clusterFaults(apps),
    ...STANDBY_FAULTS,
    POISON_FAULT,
    ...DISK_FAULTS,
  ];
}

/** All faults of this workspace. */
export const FAULTS = faultsOf(APPS);

export interface Skipped {
  fault: string;
  why: string;
}

/** Faults that the proof injects on no machine. */
const NOT_DONE: readonly Skipped[] = [
  { fault: 'packet drop', why: 'the black hole and the trickle of the proxies stand in for it' },
  { fault: 'pg_wal full', why: 'it shares the disk of the data, which is filled' },
  { fault: 'clock steps', why: 'needs faketime; leases use the clock of Postgres alone' },
];

/** The faults of a run, and the others, each with the reason. */
export interface PossibleFaults {
  readonly faults: readonly Fault[];
  /** Not injected here, though these servers are meant to stand them. */
  readonly skipped: readonly Skipped[];
  /** Those of other platforms. */
  readonly elsewhere: readonly Skipped[];
}

/** The faults that machine and platform allow. */
export function faultsOn({ noDisks }: Machine, { traits }: Platform): PossibleFaults {
  const faults: Fault[] = [];
  const skipped: Skipped[] = [];
  const elsewhere: Skipped[] = [];
  for (const fault of FAULTS) {
    const { name, needs } = fault;
    if (needs === 'disks' && noDisks !== undefined) skipped.push({ fault: name, why: noDisks });
    else if (needs === undefined || needs === 'disks' || traits.includes(needs)) faults.push(fault);
    else elsewhere.push({ fault: name, why: `needs ${needs}; see --on` });
  }
  return { faults, skipped: [...skipped, ...NOT_DONE], elsewhere };
}

export function faultNamed(name: string): Fault {
  const fault = FAULTS.find((known) => known.name === name);
  if (!fault) throw new Error(`no fault is called ${name}`);
  return fault;
}
