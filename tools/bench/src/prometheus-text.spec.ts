import { expect, it } from '@jest/globals';
import { sumOf } from './prometheus-text.ts';

const TEXT = `# TYPE consumer_events_total counter
consumer_events_total{consumer="fulfillment",outcome="applied"} 40 1700000000000
consumer_events_total{consumer="fulfillment",outcome="duplicate"} 2
consumer_events_total_more{outcome="applied"} 7
outbox_pending 3
`;

it('sums the series of a metric that carry the labels', () => {
  expect(sumOf(TEXT, 'consumer_events_total')).toBe(42);
  expect(sumOf(TEXT, 'consumer_events_total', { outcome: 'applied' })).toBe(40);
  expect(sumOf(TEXT, 'outbox_pending')).toBe(3);
  expect(sumOf(TEXT, 'unknown')).toBe(0);
});
