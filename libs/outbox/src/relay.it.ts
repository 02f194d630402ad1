import { describe, expect, it } from '@jest/globals';
import { eventually } from '@orders/resilience/testing/eventually';
import { append, relayOf, useRelay } from './testing/relay-under-test.js';

const under = useRelay();

describe('a batch of the relay', () => {
  it('publishes each entry once, in order, until none is left', async () => {
    const ids = await append(under, 5);
    const relay = relayOf(under, 'a', { batchSize: 2 });
    expect([await relay.step(), await relay.step(), await relay.step(), await relay.step()]).toEqual([
      2, 2, 1, 0,
    ]);
    expect(under.publisher.published).toEqual(ids);
  });

  it('passes the entries before a failed publish, and is repeated from there', async () => {
    const { publisher, cursor } = under;
    const [first, second, third] = await append(under, 3);
    publisher.refused.add(second!);
    const relay = relayOf(under, 'a');
    await expect(relay.step()).rejects.toThrow('no responders');
    await expect(relay.step()).rejects.toThrow('no responders');
    publisher.refused.clear();
    expect(await relay.step()).toBe(2);
    expect(publisher.published).toEqual([first, third, third, second, third]);
    expect(await cursor.stats()).toMatchObject({ pending: 0 });
  });
});

describe('the lease of the relay', () => {
  it('keeps other relays from the log until it ends', async () => {
    await append(under);
    await under.cursor.acquire('frozen', 300);
    const relay = relayOf(under, 'b');
    expect(await relay.step()).toBe(0);
    await eventually('the lease to end', async () => (await relay.step()) === 1);
  });

  it('taken by another relay makes a frozen one publish duplicates at most, and skip nothing', async () => {
    const { publisher, cursor } = under;
    const frozen = relayOf(under, 'frozen', { batchSize: 1 });
    const [first, second, third] = await append(under, 3);
    await frozen.step();
    await cursor.release('frozen');
    const other = relayOf(under, 'other', { batchSize: 1 });
    await other.step();
    await frozen.step();
    expect(publisher.published).toEqual([first, second, second]);
    expect(await frozen.step()).toBe(0);
    await other.step();
    expect(publisher.published).toEqual([first, second, second, third]);
  });

  it('renewed before the first event ever keeps the id of the stream', async () => {
    const relay = relayOf(under, 'a', { leaseMs: 3, reconcileMs: 3_600_000 });
    await relay.step();
    const renewed = performance.now() + 2;
    await eventually(
      'the lease to be renewed',
      async () => (await relay.step()) === 0 && performance.now() > renewed,
    );
    const ids = await append(under, 2);
    expect(await relay.step()).toBe(2);
    expect(under.publisher.published).toEqual(ids);
  });
});
