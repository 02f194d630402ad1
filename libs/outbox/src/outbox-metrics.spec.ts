import { expect, it } from '@jest/globals';
import { metricsText } from '@orders/instrumentation';
import { relayMetrics } from './outbox-metrics.js';

it.each([
  ['outbox_rewinds_total{reason="shorter"} 0'],
  ['outbox_publish_attempts_total{subject="things.made",outcome="unproven"} 0'],
])('exports %s before the first one: otherwise an alert would miss it', async (line) => {
  relayMetrics(['things.made']);
  expect(await metricsText()).toContain(`${line}\n`);
});
