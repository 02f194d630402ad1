import { counter, histogram, observe } from '@orders/instrumentation';
import { Batcher, type BatcherOptions, type Deadline } from '@orders/resilience';
import { METRICS } from './metric-definitions.js';

/**
 * A batcher with metrics: `batch_items` (items in a batch), `batch_refused_total` by reason (full, late, gone) and
 * `batch_queue_length`.
 *
 * @param name value of the label `batcher`
 */
export function measuredBatcher<Item extends { readonly deadline: Deadline }, Result>(
  name: string,
  options: Omit<BatcherOptions<Item, Result>, 'onSent' | 'onRefused'>,
): Batcher<Item, Result> {
  const labels = { batcher: name };
  const items = histogram(METRICS.items);
  const refused = counter(METRICS.refused, { batcher: [name] });
  const batcher = new Batcher<Item, Result>({
    ...options,
    onSent: (count) => items.record(count, labels),
    onRefused: (reason) => refused.add(1, { batcher: name, reason }),
  });
  observe([METRICS.queueLength], (set) => set(METRICS.queueLength, batcher.queued, labels));
  return batcher;
}
