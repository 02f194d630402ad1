import { describe, expect, it } from '@jest/globals';
import type { Message } from '@orders/messaging';
import { Pace } from '@orders/resilience';
import { LOG_START, replay } from './outbox-replay.js';
import { age, append, recordingRewinds, relayOf, runOut, useRelay } from './testing/relay-under-test.js';

const under = useRelay();
/** So rare that a test sees no check of the stream after the first one. */
const NEVER_MS = 3_600_000;

describe('after a check of the stream, the relay', () => {
  it('publishes a lost end again, and only that', async () => {
    const { publisher } = under;
    const relay = relayOf(under, 'a', { reconcileMs: 0 });
    await relay.step();
    await age(under.db);
    const kept = await append(under, 3);
    await relay.step();
    await age(under.db);
    const lost = await append(under, 2);
    await relay.step();
    publisher.stream = publisher.stream.slice(0, 3);
    expect([await relay.step(), await relay.step()]).toEqual([0, 2]);
    expect(publisher.stream).toEqual([...kept, ...lost]);
    expect(publisher.published).toEqual([...kept, ...lost, ...lost]);
  });

  it('publishes all kept events again to a recreated stream', async () => {
    const { publisher } = under;
    const ids = await append(under, 5);
    const relay = relayOf(under, 'a', { reconcileMs: 0 });
    await relay.step();
    Object.assign(publisher, { streamId: 'second', stream: [] });
    expect([await relay.step(), await relay.step(), await relay.step()]).toEqual([0, 5, 0]);
    expect(publisher.stream).toEqual(ids);
  });

  it('publishes again to a stream that has grown since its loss: another message has the last known sequence', async () => {
    const { publisher, cursor } = under;
    const lost = await append(under, 3);
    await relayOf(under, 'a').step();
    await cursor.release('a');
    publisher.stream = ['one', 'two', 'three', 'four'];
    const next = relayOf(under, 'b');
    expect([await next.step(), await next.step()]).toEqual([0, 3]);
    expect(publisher.stream.slice(4)).toEqual(lost);
  });

  it('publishes a lost end again although a replay has made the stream as long as before', async () => {
    const { publisher } = under;
    const relay = relayOf(under, 'a', { reconcileMs: 0 });
    await relay.step();
    await age(under.db);
    for (let count = 0; count < 3; count += 1) {
      await append(under, 2);
      await runOut(relay);
      await age(under.db);
    }
    const ids = [...publisher.events];
    publisher.stream = publisher.stream.slice(0, 2);
    const replayed = await replay({
      ...{ db: under.db, publisher, after: LOG_START, run: 'r', pace: new Pace(Infinity) },
      range: { since: new Date(0), until: new Date('2100-01-01'), subject: undefined },
      ...{ subjectOf: ({ subject }: Message) => subject, onProgress: () => undefined },
      signal: new AbortController().signal,
    });
    expect([replayed, publisher.stream.length]).toEqual([6, 8]);
    // It goes back to one checkpoint after the other, to the first that the stream still holds.
    expect([await relay.step(), await relay.step(), await relay.step()]).toEqual([0, 0, 4]);
    expect(ids.filter((id) => !publisher.stream.includes(id))).toEqual([]);
  });

  it('does not take a duplicate for a loss: it has the sequence of its first copy', async () => {
    const relay = relayOf(under, 'a', { reconcileMs: 0 });
    const [, duplicate] = await append(under, 2);
    under.publisher.stream = [duplicate!];
    expect([await relay.step(), await relay.step(), await relay.step()]).toEqual([2, 0, 0]);
  });
});

describe('after a receipt with an old sequence, the relay', () => {
  it('publishes lost events again, without a check of the stream', async () => {
    const { publisher, cursor } = under;
    const relay = relayOf(under, 'a', { reconcileMs: NEVER_MS });
    const ids = await append(under, 3);
    await relay.step();
    publisher.stream = publisher.stream.slice(0, 1);
    ids.push(...(await append(under, 4)));
    await relay.step();
    await relay.step();
    expect(new Set(publisher.stream)).toEqual(new Set(ids));
    expect(await cursor.stats()).toMatchObject({ pending: 0 });
  });

  it('publishes lost events again that duplicates hide: events stored after the loss, without receipts', async () => {
    const { publisher } = under;
    const relay = relayOf(under, 'a', { reconcileMs: NEVER_MS });
    const ids = await append(under, 3);
    await relay.step();
    publisher.stream = publisher.stream.slice(0, 1);
    const unaware = await append(under, 4);
    publisher.stream.push(...unaware);
    await relay.step();
    await relay.step();
    expect(new Set(publisher.stream)).toEqual(new Set([...ids, ...unaware]));
  });

  it('rewinds once for a loss longer than a batch, not for each duplicate of events stored after the loss', async () => {
    const { publisher, cursor } = under;
    const { reasons, metrics } = recordingRewinds();
    const relay = relayOf(under, 'a', { batchSize: 2, reconcileMs: NEVER_MS, metrics });
    const ids = await append(under, 6);
    for (let batch = 0; batch < 3; batch += 1) await relay.step();
    publisher.stream = publisher.stream.slice(0, 2);
    ids.push(...(await append(under, 4)));
    for (let batch = 0; batch < 6; batch += 1) await relay.step();
    expect(new Set(publisher.stream)).toEqual(new Set(ids));
    expect(await cursor.stats()).toMatchObject({ pending: 0 });
    expect(reasons).toEqual(['shorter']);
  });

  it('publishes events again that were lost within a batch, when the rest of the batch got their sequences', async () => {
    const { publisher } = under;
    const relay = relayOf(under, 'a', { reconcileMs: NEVER_MS });
    const ids = await append(under, 4);
    const publish = publisher.publish.bind(publisher);
    publisher.publish = (message) => {
      if (message.id === ids[2] && publisher.published.length === 2) publisher.stream.pop();
      return publish(message);
    };
    for (let batch = 0; batch < 2; batch += 1) await relay.step();
    expect(new Set(publisher.stream)).toEqual(new Set(ids));
  });
});
