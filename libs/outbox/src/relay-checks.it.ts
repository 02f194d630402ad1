import { describe, expect, it } from '@jest/globals';
import { age, append, recordingRewinds, relayOf, runOut, useRelay } from './testing/relay-under-test.js';

const under = useRelay();

describe('a relay that checks the stream', () => {
  /** Publishes this many events, one in a batch, with a checkpoint at each. */
  async function publishEach(count: number): Promise<string[]> {
    const relay = relayOf(under, 'a', { batchSize: 1 });
    await relay.step();
    const ids: string[] = [];
    for (let n = 0; n < count; n += 1) {
      await age(under.db);
      ids.push(...(await append(under)));
      await relay.step();
    }
    await under.cursor.release('a');
    return ids;
  }

  /** What the next holder of the lease does, and the one after it. */
  async function checkTwice(batchSize = 256): Promise<unknown[]> {
    const { reasons, metrics } = recordingRewinds();
    for (const owner of ['b', 'c']) {
      await runOut(relayOf(under, owner, { metrics, reconcileMs: 0, batchSize }));
      await under.cursor.release(owner);
    }
    return reasons;
  }

  const lose = (...sequences: number[]) => {
    for (const sequence of sequences) under.publisher.stream[sequence - 1] = undefined;
  };

  it('publishes a lost beginning again, once', async () => {
    const ids = await publishEach(5);
    lose(1, 2);
    expect(await checkTwice()).toEqual(['beginning']);
    expect(new Set(under.publisher.events)).toEqual(new Set(ids));
  });

  it('publishes a purged stream again', async () => {
    const ids = await publishEach(3);
    lose(1, 2, 3);
    expect(await checkTwice()).toEqual(['beginning']);
    expect(under.publisher.events).toEqual(ids);
  });

  it('publishes again what was lost in between, once: the gap stays', async () => {
    const ids = await publishEach(6);
    lose(3, 4);
    expect(await checkTwice()).toEqual(['gap']);
    expect(under.publisher.published.slice(6)).toEqual(ids.slice(2));
    expect(new Set(under.publisher.events)).toEqual(new Set(ids));
    lose(5);
    expect(await checkTwice()).toEqual(['gap']);
    expect(new Set(under.publisher.events)).toEqual(new Set(ids));
  });

  it('goes back to the deepest of several losses', async () => {
    const ids = await publishEach(6);
    lose(2);
    under.publisher.stream.pop();
    expect(await checkTwice()).toEqual(['gap']);
    expect(new Set(under.publisher.events)).toEqual(new Set(ids));
  });

  it('publishes again what was lost a second time, after it had been published behind newer events', async () => {
    const ids = await publishEach(4);
    lose(1);
    expect(await checkTwice(1)).toEqual(['beginning']);
    expect(under.publisher.events).toEqual([...ids.slice(1), ids[0]]);
    under.publisher.stream.pop();
    expect(await checkTwice(1)).toEqual(['shorter']);
    expect(new Set(under.publisher.events)).toEqual(new Set(ids));
  });

  it('does not take expired messages for lost ones', async () => {
    await publishEach(5);
    under.publisher.keepsForMs = 150_000;
    // Checkpoints of 1 to 5 are 4, 3, 2, 1 and 0 minutes old.
    lose(1, 2, 3);
    expect(await checkTwice()).toEqual([]);
    lose(4);
    expect(await checkTwice()).toEqual(['beginning']);
  });

  it('does not look for what is missing in a stream that may drop messages at any time', async () => {
    await publishEach(5);
    under.publisher.keepsForMs = 0;
    lose(1, 3);
    expect(await checkTwice()).toEqual([]);
  });

  it('does not take what a stream missed before the first event for a loss', async () => {
    under.publisher.stream = [undefined, 'other', undefined, 'other'];
    const ids = await publishEach(2);
    expect(await checkTwice()).toEqual([]);
    expect(under.publisher.events.slice(2)).toEqual(ids);
  });

  it('that replaces one which died after a rewind does not take duplicates for another loss', async () => {
    const ids = await publishEach(4);
    lose(1);
    const { reasons, metrics } = recordingRewinds();
    const dying = relayOf(under, 'dying', { metrics, batchSize: 1 });
    expect([await dying.step(), await dying.step()]).toEqual([0, 1]);
    await under.cursor.release('dying');
    expect(await checkTwice()).toEqual([]);
    expect(reasons).toEqual(['beginning']);
    expect(new Set(under.publisher.events)).toEqual(new Set(ids));
  });

  it.each(['state', 'idAt'] as const)(
    'takes a failed look-up (%s) for no loss: it asks again',
    async (what) => {
      const ids = await publishEach(2);
      const { publisher } = under;
      const { reasons, metrics } = recordingRewinds();
      const relay = relayOf(under, 'b', { metrics });
      const [added] = await append(under);
      publisher.failing = what;
      await expect(relay.step()).rejects.toThrow('temporarily unavailable');
      await runOut(relay);
      expect(publisher.published).toEqual([...ids, added]);
      expect(reasons).toEqual([]);
    },
  );
});
