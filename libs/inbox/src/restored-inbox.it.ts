import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { JetStreamPublisher, JetStreamSource, NatsLink } from '@orders/messaging';
import { natsAt, recordingLog, someEvent } from '@orders/messaging/testing';
import { requiredUrl } from '@orders/postgres/testing';
import { eventually } from '@orders/resilience/testing/eventually';
import { randomBytes } from 'node:crypto';
import { settledEvents } from './settled.js';
import { useConsumer } from './testing/consumer-under-test.js';

const under = useConsumer();
let link: NatsLink;
let stream: { name: string; subjects: string[] };
beforeEach(() => {
  link = new NatsLink({ config: natsAt(requiredUrl('TEST_NATS_URL')), name: 'test', logger: recordingLog() });
  const name = `t${randomBytes(6).toString('hex')}`;
  stream = { name, subjects: [`${name}.>`] };
});
afterEach(() => link.close());

/** Publishes events. Returns their ids. */
async function publish(count: number): Promise<string[]> {
  const publisher = new JetStreamPublisher(link, stream);
  const events = Array.from({ length: count }, () => someEvent());
  for (const event of events) await publisher.publish({ ...event, subject: `${stream.name}.things.made` });
  return events.map(({ id }) => id);
}

/** Runs the consumer until these events have taken effect and are acked. */
async function runUntilApplied(ids: readonly string[]): Promise<void> {
  const stop = new AbortController();
  const source = new JetStreamSource({
    ...{ link, stream, durable: 'reader', subjects: [`${stream.name}.things.made`] },
    ...{ settled: settledEvents(under.db, 'reader'), logger: recordingLog() },
  });
  const running = under.consumer({ source }).run(AbortSignal.any([stop.signal, under.running]));
  const areApplied = async () => (await under.effects()).length >= ids.length && (await source.lag()) === 0;
  await eventually('the effects', areApplied);
  stop.abort();
  await running;
  expect((await under.effects()).sort()).toEqual(ids.toSorted());
}

it('a consumer applies again by itself what a restored copy of its database lacks', async () => {
  const before = await publish(5);
  await runUntilApplied(before);
  for (const table of ['inbox', 'effect'])
    await under.db.query(`CREATE TABLE ${table}_copy AS SELECT * FROM ${table}`);
  const after = await publish(5);
  await runUntilApplied([...before, ...after]);
  for (const table of ['inbox', 'effect'])
    await under.db.query(
      `DELETE FROM ${table}; INSERT INTO ${table} OVERRIDING SYSTEM VALUE SELECT * FROM ${table}_copy`,
    );
  await runUntilApplied([...before, ...after]);
});
