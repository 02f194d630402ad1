import type { NetworkFault } from '@orders/resilience/testing';
import { EDGES, type Edge, type SystemUnderProof } from '../system-under-proof.ts';
import type { Random } from '../random.ts';
import { nothing, type Fault } from './fault.ts';

const edgeOf = (sut: SystemUnderProof, target: string) => sut.edges[target as Edge];

function networkFault(
  name: string,
  durationMs: readonly [number, number],
  choose: (random: Random) => NetworkFault,
): Fault {
  return {
    name,
    targets: EDGES,
    durationMs,
    component: (target) => target,
    begin: async (sut, { target, random }) => {
      const edge = edgeOf(sut, target);
      edge.set(choose(random));
      return async () => edge.clear();
    },
  };
}

export const NETWORK_FAULTS: readonly Fault[] = [
  {
    name: 'cut',
    targets: EDGES,
    durationMs: [0, 0],
    component: (target) => target,
    begin: async (sut, { target }) => {
      edgeOf(sut, target).cut();
      return nothing;
    },
  },
  networkFault('cut after bytes', [300, 1_500], (random) => ({
    kind: 'cutAfter',
    // Mostly within the first answer or two: a COMMIT's, a publish's.
    bytes: 1 + Math.floor(4_000 * random.next() ** 3),
    direction: random.pick(['request', 'answer']),
  })),
  networkFault('black hole', [500, 6_000], () => ({ kind: 'blackhole' })),
  {
    name: 'black hole at connect',
    targets: EDGES,
    durationMs: [500, 4_000],
    component: (target) => target,
    begin: async (sut, { target }) => {
      const edge = edgeOf(sut, target);
      edge.set({ kind: 'blackhole' });
      edge.cut(); // what connects anew gets no answer
      return async () => edge.clear();
    },
  },
  networkFault('latency', [500, 3_000], (random) => ({ kind: 'latency', ms: random.int(50, 1_500) })),
  networkFault('trickle', [500, 2_500], (random) => ({ kind: 'trickle', bytes: random.int(1, 40) })),
];
