import { expect, it } from '@jest/globals';
import { acceptsOpenMetrics } from './accepts-open-metrics.js';

it.each([
  [undefined, false],
  ['*/*', false],
  ['text/plain', false],
  ['application/openmetrics-text', true],
  ['application/openmetrics-text; version=1.0.0', true],
  ['application/openmetrics-text; version=0.0.1', false],
  ['application/openmetrics-text; version=1.0.0; q=0', false],
  ['application/openmetrics-text; version=1.0.0; q=0.2, text/plain; q=0.3', false],
  // Prometheus 2.53 and 3.5.
  [
    'application/openmetrics-text;version=1.0.0;q=0.5,application/openmetrics-text;version=0.0.1;q=0.4,text/plain;version=0.0.4;q=0.3,*/*;q=0.2',
    true,
  ],
  [
    'application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,application/openmetrics-text;version=0.0.1;q=0.5,text/plain;version=1.0.0;escaping=allow-utf-8;q=0.4,text/plain;version=0.0.4;q=0.3,*/*;q=0.2',
    true,
  ],
])('Accept: %s prefers OpenMetrics: %s', (accept, prefers) => {
  expect(acceptsOpenMetrics(accept)).toBe(prefers);
});
