import { expect, it } from '@jest/globals';
import { metricsText } from '@orders/instrumentation';
import { relayMetrics } from './outbox-metrics.js';

it.each(['younger', 'shorter', 'overwritten'])(
  'exports rewinds (%s) as 0 before the first one: otherwise an alert would miss it',
  async (reason) => {
    relayMetrics();
    expect(await metricsText()).toMatch(
      new RegExp(`^outbox_rewinds_total\\{[^}]*reason="${reason}"[^}]*\\} 0$`, 'm'),
    );
  },
);
