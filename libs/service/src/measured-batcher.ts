import { meter } from '@orders/instrumentation';
import { Batcher, type BatcherOptions, type Deadline } from '@orders/resilience';

/** Powers of two: 2 and 4 items in a batch differ as much as 128 and 256. */
const SIZE_BUCKETS = [1, 2, 4, 8, 16, 32, 64, 128, 256, 512];

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
  const metrics = meter('batcher');
  const items = metrics.createHistogram('batch.items', {
    description: 'Items in a batch when it is sent',
    advice: { explicitBucketBoundaries: SIZE_BUCKETS },
  });
  const refused = metrics.createCounter('batch.refused', {
    description: 'Items that were not sent, or not answered in time, by reason: full (queue), late, gone',
  });
  const length = metrics.createObservableGauge('batch.queue.length', {
    description: 'Items that wait to be sent in a batch',
  });
  const batcher = new Batcher<Item, Result>({
    ...options,
    onSent: (count) => items.record(count, { batcher: name }),
    onRefused: (reason) => refused.add(1, { batcher: name, reason }),
  });
  length.addCallback((result) => result.observe(batcher.queued, { batcher: name }));
  return batcher;
}
