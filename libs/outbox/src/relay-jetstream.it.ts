import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { JetStreamPublisher, NatsLink } from '@orders/messaging';
import { natsAt, recordingLog } from '@orders/messaging/testing';
import { requiredUrl } from '@orders/postgres/testing';
import { eventually } from '@orders/resilience/testing/eventually';
import { randomBytes } from 'node:crypto';
import { eventIdOf } from './message-id.js';
import type { Relay } from './relay.js';
import { age, append, recordingRewinds, relayOf, runOut, useRelay } from './testing/relay-under-test.js';

const under = useRelay();
let link: NatsLink;
let name: string;
let publisher: JetStreamPublisher;
let reasons: string[];
let relay: Relay;

beforeEach(() => {
  link = new NatsLink({ config: natsAt(requiredUrl('TEST_NATS_URL')), name: 'test', logger: recordingLog() });
  name = `t${randomBytes(6).toString('hex')}`;
  publisher = new JetStreamPublisher(link, { name, subjects: [`${name}.>`] });
  const rewinds = recordingRewinds();
  reasons = rewinds.reasons;
  relay = relayOf(under, 'a', { publisher, metrics: rewinds.metrics, reconcileMs: 0 });
});
afterEach(async () => {
  await api('STREAM.DELETE');
  await link.close();
});

/** Calls the JetStream API for the stream. */
async function api(what: string, body: unknown = {}): Promise<void> {
  const connection = await link.connection();
  const answer = await connection.request(`$JS.API.${what}.${name}`, JSON.stringify(body));
  const { error } = answer.json<{ error?: { description: string } }>();
  if (error) throw new Error(`${what}: ${error.description}`);
}

/** A stream as somebody may have made it by hand: it may be purged. */
const createStream = (settings: object = {}) =>
  api('STREAM.CREATE', { name, subjects: [`${name}.>`], storage: 'file', discard: 'new', ...settings });

const appendEvents = (count: number) => append(under, count, `${name}.made`);

/** The events that the stream holds, in order. */
async function stored(): Promise<string[]> {
  const { firstSequence, lastSequence } = await publisher.state();
  const sequences = Array.from({ length: lastSequence - firstSequence + 1 }, (_, n) => firstSequence + n);
  const ids = await Promise.all(sequences.map((sequence) => publisher.idAt(sequence)));
  return ids.flatMap((id) => (id === undefined ? [] : [eventIdOf(id)]));
}

describe('the relay publishes again, although the stream still knows the ids,', () => {
  it('what a purge has deleted', async () => {
    await createStream();
    const ids = await appendEvents(5);
    await runOut(relay);
    await api('STREAM.PURGE');
    await runOut(relay);
    expect(await stored()).toEqual(ids);
    expect(reasons).toEqual(['beginning']);
  });

  it('a beginning that a purge has deleted', async () => {
    await createStream();
    const ids = await appendEvents(5);
    await runOut(relay);
    await api('STREAM.PURGE', { seq: 4 });
    await runOut(relay);
    expect(new Set(await stored())).toEqual(new Set(ids));
    expect(await stored()).toHaveLength(5);
    expect(reasons).toEqual(['beginning']);
  });

  it('messages that were deleted in between', async () => {
    await createStream();
    const ids = await appendEvents(5);
    await runOut(relay);
    for (const seq of [2, 4]) await api('STREAM.MSG.DELETE', { seq });
    await runOut(relay);
    expect(await stored()).toEqual([ids[0], ids[2], ids[4], ids[1], ids[3]]);
    expect(reasons).toEqual(['gap']);
  });

  it('messages that were deleted after their ack was lost', async () => {
    await createStream();
    const ids = await appendEvents(3);
    for (const { message } of (await under.log.read({ tx: '0', position: '0' }, 3)).entries)
      await publisher.publish(message);
    await api('STREAM.PURGE');
    await runOut(relay);
    expect(await stored()).toEqual(ids);
    expect(reasons).toEqual([]);
  });
});

it('messages that expire are no loss', async () => {
  const second = 1e9;
  await createStream({ max_age: second, duplicate_window: second / 10 });
  const expiring = await appendEvents(3);
  await runOut(relay);
  await eventually('the messages to expire', async () => {
    await relay.step();
    return (await publisher.state()).firstSequence > expiring.length;
  });
  await age(under.db);
  const next = await appendEvents(1);
  await runOut(relay);
  await relayOf(under, 'a', { publisher }).step();
  expect(await stored()).toEqual(next);
  expect(reasons).toEqual([]);
});
