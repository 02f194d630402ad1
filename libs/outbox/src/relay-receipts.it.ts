import { describe, expect, it } from '@jest/globals';
import { eventIdOf } from './message-id.js';
import {
  append,
  recordingOutcomes,
  recordingRewinds,
  relayOf,
  runOut,
  useRelay,
} from './testing/relay-under-test.js';

const under = useRelay();

describe('a receipt that proves nothing', () => {
  it.each([
    { ack: 'without a sequence', sequence: 0, stream: [] },
    { ack: 'of a message that is gone', sequence: 1, stream: [undefined] },
    { ack: 'of another message', sequence: 1, stream: ['other'] },
  ])(
    '($ack) does not move the cursor: the event is published with a fresh id',
    async ({ sequence, stream }) => {
      const { publisher } = under;
      publisher.stream = [...stream];
      const ids = await append(under, 3);
      for (const id of ids.slice(1)) publisher.known.set(id, sequence);
      const { reasons, metrics } = recordingRewinds();
      const relay = relayOf(under, 'a', { metrics });
      await runOut(relay);
      expect(new Set(publisher.events.filter((id) => id !== 'other'))).toEqual(new Set(ids));
      expect(reasons).toEqual([]);
      const again = publisher.published.filter((id) => id !== eventIdOf(id));
      expect(again.map(eventIdOf)).toEqual(ids.slice(1));
    },
  );

  it('not even for a fresh id makes the relay wait, and publish with yet another id', async () => {
    const { publisher, cursor } = under;
    const [id] = await append(under);
    publisher.known.set(id!, 0);
    const publish = publisher.publish.bind(publisher);
    publisher.publish = (message) => {
      if (message.id !== id) publisher.known.set(message.id, 0);
      return publish(message);
    };
    const { outcomes, metrics } = recordingOutcomes();
    const relay = relayOf(under, 'a', { metrics });
    for (const _ of ['once', 'again']) await expect(relay.step()).rejects.toThrow('does not hold it');
    expect(await cursor.stats()).toMatchObject({ pending: 1 });
    expect(new Set(publisher.published).size).toBe(3);
    expect(outcomes).toEqual(['unproven', 'failed', 'unproven', 'failed']);
  });

  it('that cannot be looked up counts as failed; it was not counted', async () => {
    const { publisher } = under;
    const [id] = await append(under);
    publisher.stream = [id];
    publisher.failing = 'idAt';
    const { outcomes, metrics } = recordingOutcomes();
    await expect(relayOf(under, 'a', { metrics }).step()).rejects.toThrow('temporarily unavailable');
    expect(outcomes).toEqual(['failed']);
  });
});

it('a stream that assigns the same sequence all the time does not make the relay go back all the time', async () => {
  await append(under, 2);
  under.publisher.publish = () => Promise.resolve({ sequence: 7, duplicate: false });
  const { reasons, metrics } = recordingRewinds();
  const relay = relayOf(under, 'a', { metrics });
  await relay.step();
  await expect(relay.step()).rejects.toThrow('the stream has lost events again');
  expect(reasons).toEqual(['shorter']);
});
