import type { Bench } from '../bench.ts';
import type { LoadDeclaration } from '../load/loads.ts';
import type { RequestKind } from '../load/requests.ts';
import type { SystemUnderLoad } from '../system-under-load.ts';
import { calibrate, type Calibration, PROTOCOLS, type Protocol, type Script } from './calibration.ts';

/** What pgbench does for each kind of request. Its writes quote their parameters, which prepared statements cannot. */
const SCRIPTS: Record<RequestKind, { script: Script; protocols: readonly Protocol[] }> = {
  write: { script: 'one-by-one', protocols: ['simple'] },
  read: { script: 'read', protocols: PROTOCOLS },
  page: { script: 'page', protocols: PROTOCOLS },
};

/** The calibrations of every kind of request in some loads, by protocol. */
export type Calibrations = Partial<Record<RequestKind, Partial<Record<Protocol, Calibration>>>>;

export interface LoadsCalibration {
  pgbench: string;
  /** Length of each run of pgbench. */
  seconds: number;
  loads: readonly LoadDeclaration[];
  /** Default: all. */
  protocols?: readonly Protocol[];
}

/** Runs pgbench for each kind of request in the loads. */
export async function calibrateLoads(
  { step, signal }: Bench,
  sut: SystemUnderLoad,
  { pgbench, seconds, loads, protocols: wanted = PROTOCOLS }: LoadsCalibration,
): Promise<Calibrations> {
  const found: Calibrations = {};
  for (const kind of new Set(loads.flatMap(({ cycle }) => cycle))) {
    const { script, protocols } = SCRIPTS[kind];
    const byProtocol: Calibrations[RequestKind] = {};
    for (const protocol of protocols.filter((each) => wanted.includes(each)))
      byProtocol[protocol] = await step(`pgbench ${script}, ${protocol}`, () =>
        calibrate(sut, script, { pgbench, seconds, signal, protocol }),
      );
    found[kind] = byProtocol;
  }
  return found;
}

/** CPU of Postgres for 1,000 requests of the load made by pgbench; writes are always by the simple protocol. */
export function calibratedCpu({ cycle }: LoadDeclaration, found: Calibrations, protocol: Protocol): number {
  const costs = cycle.map((kind) => (found[kind]?.[protocol] ?? found[kind]?.simple)?.postgresCpu ?? NaN);
  return costs.reduce((sum, cost) => sum + cost, 0) / cycle.length;
}
