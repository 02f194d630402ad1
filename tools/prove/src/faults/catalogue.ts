import { APPS, type AppDeclaration } from '@orders/dev/stack/declarations';
import { edgesOf } from '../edges.ts';
import type { Machine, MachineTrait } from '../machine.ts';
import { PLATFORM_TRAITS, type Platform, type PlatformTrait } from '../platform.ts';
import { crashPointsOf } from '../prove-build/crash-points.ts';
import { busyFault } from './busy.ts';
import { clockFault } from './clock.ts';
import { clusterFaults } from './cluster.ts';
import { crashFault } from './crash.ts';
import { databaseFaults } from './database.ts';
import { DISK_FAULTS } from './disks.ts';
import type { Fault } from './fault.ts';
import { ISSUER_FAULT } from './issuer.ts';
import { networkFaults } from './network.ts';
import { OVERLOAD_FAULTS } from './overload.ts';
import { PACKET_FAULT } from './packets.ts';
import { POISON_FAULT } from './poison.ts';
import { processFaults } from './processes.ts';
import { SERVER_FAULTS } from './servers.ts';
import { STANDBY_FAULTS } from './standby.ts';
import { streamFaults } from './stream.ts';
import { tableFaults } from './tables.ts';

/** All faults that can be injected into a system of these apps. */
export function faultsOf(apps: readonly AppDeclaration[]): readonly Fault[] {
  return [
    ...processFaults(apps),
    busyFault(apps),
    clockFault(apps),
    ...SERVER_FAULTS,
    crashFault(crashPointsOf(apps)),
    ...networkFaults(edgesOf(apps).map(({ name }) => name)),
    PACKET_FAULT,
    ...OVERLOAD_FAULTS,
    ISSUER_FAULT,
    ...databaseFaults(apps),
    ...tableFaults(apps),
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
  { fault: 'restore of a backup', why: 'it loses orders by definition: see docs/runbooks and tools/e2e' },
  { fault: 'out of memory', why: 'the kernel kills the process, as kill -9 does' },
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
export function faultsOn(lacks: Machine, { traits }: Platform): PossibleFaults {
  const faults: Fault[] = [];
  const skipped: Skipped[] = [];
  const elsewhere: Skipped[] = [];
  for (const fault of FAULTS) {
    const { name, needs } = fault;
    const why = needs && lacks[needs as MachineTrait];
    if (why !== undefined) skipped.push({ fault: name, why });
    else if (isOfPlatform(needs) && !traits.includes(needs))
      elsewhere.push({ fault: name, why: `needs ${needs}; see --on` });
    else faults.push(fault);
  }
  return { faults, skipped: [...skipped, ...NOT_DONE], elsewhere };
}

export function faultNamed(name: string): Fault {
  const fault = FAULTS.find((known) => known.name === name);
  if (!fault) throw new Error(`no fault is called ${name}`);
  return fault;
}

function isOfPlatform(needs: Fault['needs']): needs is PlatformTrait {
  return needs !== undefined && PLATFORM_TRAITS.includes(needs as PlatformTrait);
}
