import { describe, expect, it } from '@jest/globals';

import type { MetricDefinitions } from './definition.js';
import { counter, histogram, observe } from './instruments.js';
import { metricsText } from './scrape.js';

const METRICS = {
  attempts: {
    kind: 'counter',
    name: 'things.attempts',
    description: 'Attempts',
    labels: { thing: 'things of the test', outcome: ['stored', 'failed'] },
    apps: 'some',
  },
  restarts: { kind: 'counter', name: 'things.restarts', description: 'Restarts', apps: 'some' },
  calls: { kind: 'histogram', name: 'call.seconds', description: 'Calls', buckets: [0.1, 1], apps: 'some' },
  pending: { kind: 'gauge', name: 'things.pending', description: 'Pending', apps: 'some' },
  away: { kind: 'gauge', name: 'things.away', description: 'Away', apps: 'some' },
  broken: { kind: 'gauge', name: 'broken', description: 'Broken', apps: 'some' },
} as const satisfies MetricDefinitions;

describe('metricsText', () => {
  it('shows counters, histograms and observed values by their Prometheus names', async () => {
    counter(METRICS.attempts, { thing: ['a', 'b'] }).add(2, { thing: 'a', outcome: 'stored' });
    histogram(METRICS.calls).record(0.5);
    observe([METRICS.pending], async (set) => set(METRICS.pending, await Promise.resolve(5)));
    const text = await metricsText();
    expect(text).toContain('things_attempts_total{thing="a",outcome="stored"} 2\n');
    expect(text).toContain('call_seconds_bucket{le="1"} 1\n');
    expect(text).toContain('things_pending 5\n');
  });

  it('shows every counter as 0 before its first event: otherwise an alert would miss that', async () => {
    counter(METRICS.restarts);
    counter(METRICS.attempts, { thing: ['c'] });
    const text = await metricsText();
    expect(text).toContain('things_restarts_total 0\n');
    expect(text).toContain('things_attempts_total{thing="c",outcome="stored"} 0\n');
    expect(text).toContain('things_attempts_total{thing="c",outcome="failed"} 0\n');
  });

  it('shows memory, CPU and event loop of the process', async () => {
    const text = await metricsText();
    expect(text).toMatch(/^process_resident_memory_bytes \d+/m);
    expect(text).toMatch(/^process_cpu_seconds_total\{mode="user"\} [\d.]+/m);
    expect(text).toMatch(/^nodejs_eventloop_lag_p99_seconds [\d.]+/m);
  });

  it('leaves out an instrument whose callback fails', async () => {
    observe([METRICS.broken], () => Promise.reject(new Error('no database')));
    const text = await metricsText();
    expect(text).toContain('process_resident_memory_bytes');
    expect(text).not.toMatch(/^broken \d/m);
  });

  it('leaves out what could be read before and cannot now: an old value would pass for a new one', async () => {
    let isThere = true;
    observe([METRICS.away], async (set) => {
      if (!isThere) throw new Error('no database');
      set(METRICS.away, await Promise.resolve(7));
    });
    expect(await metricsText()).toContain('things_away 7\n');
    isThere = false;
    expect(await metricsText()).not.toMatch(/^things_away \d/m);
    isThere = true;
    expect(await metricsText()).toContain('things_away 7\n');
  });
});
