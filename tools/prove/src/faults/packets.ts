import { packetFilter } from '../packet-filter.ts';
import type { SystemUnderProof } from '../system-under-proof.ts';
import type { Fault } from './fault.ts';

/** Drops all that a server is sent. TCP sends it again, later and later, and nothing ends a connection meanwhile. */
export const PACKET_FAULT: Fault = {
  name: 'packets dropped',
  targets: ['postgres', 'nats-server'],
  durationMs: [500, 6_000],
  needs: 'packet filter',
  component: (target) => target,
  begin: ({ system }, { target }) => packetFilter.drop(portOf(system, target)),
};

function portOf({ postgres, nats }: SystemUnderProof['system'], target: string): string {
  return new URL(target === 'postgres' ? postgres.url() : nats.server!.url).port;
}
