import type { NetworkFault } from '@orders/resilience/testing';
import { of } from '@orders/dev/stack/wiring';
import type { Random } from '../random.ts';
import { nothing, type Fault } from './fault.ts';

/** Faults of the connections of an edge. */
export function networkFaults(edges: readonly string[]): Fault[] {
  return [
    cut(edges),
    networkFault(edges, {
      name: 'cut after bytes',
      durationMs: [300, 1_500],
      choose: (random) => ({
        kind: 'cutAfter',
        // Mostly within the first or second answer: to a COMMIT, to a publish.
        bytes: 1 + Math.floor(4_000 * random.next() ** 3),
        direction: random.pick(['request', 'answer']),
      }),
    }),
    networkFault(edges, {
      name: 'black hole',
      durationMs: [500, 6_000],
      choose: () => ({ kind: 'blackhole' }),
    }),
    blackHoleAtConnect(edges),
    networkFault(edges, {
      name: 'latency',
      durationMs: [500, 3_000],
      choose: (random) => ({ kind: 'latency', ms: random.int(50, 1_500) }),
    }),
    networkFault(edges, {
      name: 'trickle',
      durationMs: [500, 2_500],
      choose: (random) => ({ kind: 'trickle', bytes: random.int(1, 40) }),
    }),
  ];
}

function cut(edges: readonly string[]): Fault {
  return {
    name: 'cut',
    targets: edges,
    durationMs: [0, 0],
    component: (target) => target,
    begin: async (sut, { target }) => {
      of(sut.edges, target).cut();
      return nothing;
    },
  };
}

function blackHoleAtConnect(edges: readonly string[]): Fault {
  return {
    name: 'black hole at connect',
    targets: edges,
    durationMs: [500, 4_000],
    component: (target) => target,
    begin: async (sut, { target }) => {
      const edge = of(sut.edges, target);
      edge.set({ kind: 'blackhole' });
      edge.cut(); // new connections get no answer
      return async () => edge.clear();
    },
  };
}

interface NetworkFaultKind extends Pick<Fault, 'name' | 'durationMs'> {
  choose: (random: Random) => NetworkFault;
}

function networkFault(edges: readonly string[], { name, durationMs, choose }: NetworkFaultKind): Fault {
  return {
    name,
    targets: edges,
    durationMs,
    component: (target) => target,
    begin: async (sut, { target, random }) => {
      const edge = of(sut.edges, target);
      edge.set(choose(random));
      return async () => edge.clear();
    },
  };
}
