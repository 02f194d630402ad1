import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { eventually } from '@orders/resilience/testing/eventually';
import type { EventPublisher, EventSource } from '../message.js';
import { someEvent, take } from './fixtures.js';

export interface BusUnderTest {
  publisher: EventPublisher;
  source: EventSource;
  close(): Promise<void>;
}

/** Tests what every bus promises; each adapter runs it. `open` returns an empty bus that takes `things.*`. */
export function testBusConformance(name: string, open: () => Promise<BusUnderTest>): void {
  describe(`${name} as a bus`, () => {
    let bus: BusUnderTest;
    beforeEach(async () => {
      bus = await open();
    });
    afterEach(() => bus.close());

    it('delivers messages unchanged and in the order of publishing', async () => {
      const messages = [1, 2, 3].map((n) =>
        someEvent({ subject: `thing-${n}` }, { text: `no ${n} – ünïcode` }),
      );
      for (const message of messages) await bus.publisher.publish(message);
      const taken = await take(bus.source, 3);
      expect(taken.map(({ message }) => message.id)).toEqual(messages.map(({ id }) => id));
      expect(taken.map(({ message }) => message.body)).toEqual(messages.map(({ body }) => body));
      expect(taken[0]?.message).toMatchObject({ subject: 'things.made' });
      expect(taken[0]?.message.headers).toMatchObject(messages[0]!.headers);
      expect(taken.map(({ attempt }) => attempt)).toEqual([1, 1, 1]);
    });

    it('stores a message once when its id is published twice', async () => {
      const message = someEvent();
      await bus.publisher.publish(message);
      await bus.publisher.publish(message);
      const last = someEvent();
      await bus.publisher.publish(last);
      const taken = await take(bus.source, 2);
      expect(taken.map(({ message: { id } }) => id)).toEqual([message.id, last.id]);
    });

    it('returns the id of the message at a sequence', async () => {
      const [first, second] = [someEvent(), someEvent()];
      await bus.publisher.publish(first);
      const { sequence } = await bus.publisher.publish(second);
      expect(await bus.publisher.idAt(sequence - 1)).toBe(first.id);
      expect(await bus.publisher.idAt(sequence)).toBe(second.id);
      expect(await bus.publisher.idAt(sequence + 1)).toBeUndefined();
    });

    it('redelivers a message after a nak, and counts the attempts', async () => {
      await bus.publisher.publish(someEvent());
      const taken = await take(bus.source, 2, (delivery) =>
        delivery.attempt === 1 ? delivery.nak(10) : delivery.ack(),
      );
      expect(taken.map(({ attempt }) => attempt)).toEqual([1, 2]);
      expect(new Set(taken.map(({ address }) => address)).size).toBe(1);
    });

    it('never redelivers an acked message, not even to the next reader', async () => {
      const [first, second] = [someEvent(), someEvent()];
      await bus.publisher.publish(first);
      await take(bus.source, 1);
      await bus.publisher.publish(second);
      const taken = await take(bus.source, 1);
      expect(taken.map(({ message }) => message.id)).toEqual([second.id]);
    });

    it('does not redeliver a batch while its reader is still working', async () => {
      for (let n = 0; n < 3; n += 1) await bus.publisher.publish(someEvent());
      const attempts: number[] = [];
      const stop = new AbortController();
      for await (const batch of bus.source.batches(1, stop.signal)) {
        await new Promise((resolve) => setTimeout(resolve, 1_200));
        for (const delivery of batch) {
          attempts.push(delivery.attempt);
          delivery.ack();
        }
        if (attempts.length === 3) stop.abort();
      }
      expect(attempts).toEqual([1, 1, 1]);
    });

    it('returns as its lag the number of messages not acked', async () => {
      await bus.publisher.publish(someEvent());
      await take(bus.source, 1);
      // A bus processes acks asynchronously.
      await eventually('the ack', async () => (await bus.source.lag()) === 0);
      for (let n = 0; n < 3; n += 1) await bus.publisher.publish(someEvent());
      await eventually('a lag of three', async () => (await bus.source.lag()) === 3);
    });

    it('ends when the signal aborts, also while there is nothing to deliver', async () => {
      const stop = new AbortController();
      const batches = bus.source.batches(1, stop.signal)[Symbol.asyncIterator]();
      const next = batches.next();
      stop.abort();
      await expect(next).resolves.toMatchObject({ done: true });
    });
  });
}
