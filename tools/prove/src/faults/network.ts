import type { Weather } from '@orders/resilience/testing';
import { of } from '@orders/dev/stack/wiring';
import type { Random } from '../random.ts';
import { nothing, type Fault } from './fault.ts';

/** What happens to the connections of an edge. */
export function networkFaults(edges: readonly string[]): Fault[] {
  return [
    cut(edges),
    weather(edges, {
      name: 'cut after bytes',
      durationMs: [300, 1_500],
      choose: (random) => ({
        kind: 'cutAfter',
        // Mostly within the first answer or two: a COMMIT's, a publish's.
        bytes: 1 + Math.floor(4_000 * random.next() ** 3),
        direction: random.pick(['request', 'answer']),
      }),
    }),
    weather(edges, { name: 'black hole', durationMs: [500, 6_000], choose: () => ({ kind: 'blackhole' }) }),
    blackHoleAtConnect(edges),
    weather(edges, {
      name: 'latency',
      durationMs: [500, 3_000],
      choose: (random) => ({ kind: 'latency', ms: random.int(50, 1_500) }),
    }),
    weather(edges, {
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
      edge.cut(); // what connects anew gets no answer
      return async () => edge.clear();
    },
  };
}

interface WeatherKind extends Pick<Fault, 'name' | 'durationMs'> {
  choose: (random: Random) => Weather;
}

function weather(edges: readonly string[], { name, durationMs, choose }: WeatherKind): Fault {
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
