import { DATABASE_FAULTS } from './database.ts';
import type { Fault } from './fault.ts';
import { NETWORK_FAULTS } from './network.ts';
import { PROCESS_FAULTS } from './processes.ts';
import { SERVER_FAULTS } from './servers.ts';
import { STREAM_FAULTS } from './stream.ts';

/** Everything that can go wrong here. */
export const FAULTS: readonly Fault[] = [
  ...PROCESS_FAULTS,
  ...SERVER_FAULTS,
  ...NETWORK_FAULTS,
  ...DATABASE_FAULTS,
  ...STREAM_FAULTS,
];

/** What RELIABILITY.md 4.4 lists and this proof does not do, with the reason: never silently. */
export const SKIPPED: readonly { fault: string; why: string }[] = [
  { fault: 'packet drop (12)', why: 'needs root and iptables; the proxy black hole stands in' },
  { fault: 'disk full (18, 19, 20)', why: 'needs root and a tmpfs; a full stream stands in for NATS' },
  { fault: 'power cut (21)', why: 'needs root and a loop device' },
  { fault: 'clock steps (25)', why: 'needs faketime' },
];

export function faultNamed(name: string): Fault {
  const fault = FAULTS.find((known) => known.name === name);
  if (!fault) throw new Error(`no fault is called ${name}`);
  return fault;
}
