import { describe, expect, it } from '@jest/globals';
import type { Run } from './closed-loop.ts';
import type { Consumed } from './consumers.ts';
import { loadOutcome } from './load-report.ts';
import type { LoadReport } from './load-scenario.ts';
import { textOf } from './outcome.ts';

const consumed = (effects: number, p99Ms: number): Consumed => ({ effects, lag: { p50Ms: 3, p99Ms } });

function textFor(consumers: Record<string, Consumed>): string {
  const run: Run = {
    name: '64 connections',
    ...{ seconds: 1, acknowledged: 10, errors: 0, reads: 0, writes: 10, p50Ms: 1, p99Ms: 2, perSecond: 10 },
    ...{ orders: 10, consumers, ...consumed(10, 8), complete: true },
    ...{ cpu: {}, totalCpu: 1, peakMiB: {}, steal: 0 },
  };
  const calibration = { perSecond: 1, postgresCpu: 1 };
  const report: LoadReport = {
    generator: 'wrk',
    calibration: { before: calibration, after: calibration, fifty: calibration },
    runs: [run],
    idleMiB: {},
    ratioToCalibration: 1,
  };
  return textOf(loadOutcome(report).parts);
}

describe('the report on a load', () => {
  it('shows effects and lag of each consumer when there are several', () => {
    const text = textFor({ fulfillment: consumed(10, 8), loyalty: consumed(9, 44) });
    expect(text).toMatch(/^64 connections, fulfillment +10 +3 +8$/m);
    expect(text).toMatch(/^64 connections, loyalty +9 +3 +44$/m);
  });

  it('shows them only in the row of the orders when there is one', () => {
    expect(textFor({ fulfillment: consumed(10, 8) })).not.toContain('64 connections, fulfillment');
  });
});
