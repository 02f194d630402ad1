import { expect, it } from '@jest/globals';
import { metricsText } from '@orders/instrumentation';
import { relayMetrics } from './outbox-metrics.js';

it.each(['younger', 'shorter', 'overwritten'])(
  'shows rewinds (%s) before there is any: else an alert would miss the first',
  async (reason) => {
    relayMetrics();
    expect(await metricsText()).toMatch(
      new RegExp(`^outbox_rewinds_total\\{[^}]*reason="${reason}"[^}]*\\} 0$`, 'm'),
    );
  },
);
