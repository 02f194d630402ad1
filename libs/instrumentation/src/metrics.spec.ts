import { describe, expect, it } from '@jest/globals';

import { meter, metricsText } from './metrics.js';

describe('metricsText', () => {
  it('shows counters, histograms and observed values by their Prometheus names', async () => {
    meter('a').createCounter('outbox.published').add(2, { subject: 'orders.created' });
    meter('b')
      .createHistogram('call.seconds', { advice: { explicitBucketBoundaries: [0.1, 1] } })
      .record(0.5);
    meter('c')
      .createObservableGauge('outbox.pending')
      .addCallback(async (result) => result.observe(await Promise.resolve(5)));
    const text = await metricsText();
    expect(text).toContain('outbox_published_total{subject="orders.created"} 2');
    expect(text).toContain('call_seconds_bucket{le="1"} 1');
    expect(text).toContain('outbox_pending 5');
  });

  it('shows memory, CPU and event loop of the process', async () => {
    const text = await metricsText();
    expect(text).toMatch(/^process_resident_memory_bytes \d+/m);
    expect(text).toMatch(/^process_cpu_seconds_total\{mode="user"\} [\d.]+/m);
    expect(text).toMatch(/^nodejs_eventloop_lag_p99_seconds [\d.]+/m);
  });

  it('leaves out an instrument whose callback fails', async () => {
    meter('d')
      .createObservableGauge('broken')
      .addCallback(() => Promise.reject(new Error('no database')));
    const text = await metricsText();
    expect(text).toContain('process_resident_memory_bytes');
    expect(text).not.toMatch(/^broken \d/m);
  });
});
