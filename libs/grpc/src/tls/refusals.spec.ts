import { expect, it } from '@jest/globals';
import { createLogger, metricsText } from '@orders/instrumentation';
import { Refusals } from './refusals.js';

it('counts a reason that it does not know as OTHER, so that nobody can fill the metric with series', async () => {
  const refusals = new Refusals(createLogger({ name: 'test', level: 'silent' }));
  for (const reason of ['NOT_HTTP2', 'ERR_SSL_SOMETHING', 'undefined'])
    refusals.add('connection refused', { reason, peer: 'unknown' });
  const lines = (await metricsText())
    .split('\n')
    .filter((line) => /^rpc_server_refusals_total.* [1-9]/.test(line));
  expect(lines).toEqual([
    'rpc_server_refusals_total{reason="NOT_HTTP2"} 1',
    'rpc_server_refusals_total{reason="OTHER"} 2',
  ]);
});
