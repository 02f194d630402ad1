import { expect, it } from '@jest/globals';
import { type Delivery, EventSource } from '@orders/messaging';
import { someEvent } from '@orders/messaging/testing';
import { consumerMetrics, type ConsumerMetrics } from './consumer-metrics.js';
import { useConsumer } from './testing/consumer-under-test.js';
import { deliver } from './testing/delivery.js';

const under = useConsumer();

/** Yields one batch. */
class OneBatch extends EventSource {
  constructor(private readonly batch: Delivery[]) {
    super();
  }

  override async *batches(): AsyncIterable<Delivery[]> {
    yield Promise.resolve(this.batch);
  }

  override lag(): Promise<number> {
    return Promise.resolve(0);
  }
}

function recording(): { metrics: ConsumerMetrics; seconds: number[]; again: number[] } {
  const [seconds, again]: [number[], number[]] = [[], []];
  const metrics = {
    ...consumerMetrics('reader'),
    criticalTime: { record: (value: number) => void seconds.push(value) },
    redelivered: { add: (count: number) => void again.push(count) },
  };
  return { metrics, seconds, again };
}

it('measures the critical time of each event that takes effect, never of one that has', async () => {
  const { metrics, seconds } = recording();
  const event = someEvent();
  const late = { ...event.headers, 'ce-time': new Date(Date.now() - 3_600_000).toISOString() };
  const early = someEvent();
  const fromTheFuture = { ...early.headers, 'ce-time': new Date(Date.now() + 3_600_000).toISOString() };
  const batch = [deliver({ ...event, headers: late }), deliver({ ...early, headers: fromTheFuture })];
  const consumer = under.consumer({ metrics });
  await consumer.process(batch, under.running);
  await consumer.process(batch, under.running);
  expect(seconds.map(Math.floor)).toEqual([3_600, 0]);
});

it('counts the events that the bus delivers again', async () => {
  const { metrics, again } = recording();
  const batch = [1, 2, 7].map((attempt) => Object.assign(deliver(someEvent()), { attempt }));
  await under.consumer({ metrics, source: new OneBatch(batch) }).run(under.running);
  expect(again).toEqual([2]);
});
