import { describe, expect, it } from '@jest/globals';
import { METRICS, metricsOf, unitOf } from './metric-catalogue.ts';
import { REWARDS } from '../testing/declared-workspace.ts';
import { appDeclaration } from '@orders/contracts/declaration';

/** What values in this unit look like: the first bucket must not hold nearly all of them, nor the last none. */
const FITTING = {
  seconds: { first: [0.001, 0.05], last: [1, 86_400] },
  bytes: { first: [64, 4_096], last: [65_536, 1e10] },
  '': { first: [1, 10], last: [16, 1e6] },
} as const;

const histograms = METRICS.flatMap(({ name, definition }) =>
  definition.kind === 'histogram' ? [{ name, buckets: definition.buckets }] : [],
);

describe.each(histograms)('the histogram $name', ({ name, buckets }) => {
  // The median of a batch of 26 ms read 2.5 s: seconds were in the SDK's buckets, which are those of milliseconds.
  it('has buckets that fit its unit', () => {
    const within = (value: number | undefined, [least, most]: readonly [number, number]) =>
      value !== undefined && value >= least && value <= most;
    const { first, last } = FITTING[unitOf(name)];
    expect({ first: within(buckets[0], first), last: within(buckets.at(-1), last) }).toEqual({
      first: true,
      last: true,
    });
  });

  it('has ascending buckets, each at most six times the one before', () => {
    const steps = buckets.slice(1).map((bound, index) => bound / buckets[index]!);
    expect(steps.filter((step) => step <= 1 || step > 6)).toEqual([]);
  });
});

describe('the metrics', () => {
  it('have different names, which Prometheus takes', () => {
    const names = METRICS.map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
    expect(names.filter((name) => !/^[a-z][a-z0-9]*(_[a-z0-9]+)+$/.test(name))).toEqual([]);
  });

  it('have labels with values that are listed, or with words for what bounds them', () => {
    const bounds = METRICS.flatMap(({ definition }) => Object.values(definition.labels ?? {}));
    expect(bounds.filter((bound) => bound.length < 2)).toEqual([]);
  });

  it('of a consumer with a database are known from its declaration', () => {
    const names = metricsOf(appDeclaration.parse(REWARDS)).map(({ name }) => name);
    expect(names).toEqual(expect.arrayContaining(['consumer_lag', 'process_cpu_seconds_total']));
    expect(names).not.toContain('outbox_pending');
  });
});
