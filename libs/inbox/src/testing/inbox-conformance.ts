import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { newEventId, someEvent } from '@orders/messaging/testing';
import type { Queryable, TransactionRunner } from '@orders/postgres';
import { DeadLetters } from '../dead-letters.js';
import { Inbox } from '../inbox.js';

export interface InboxUnderTest {
  db: Queryable & TransactionRunner;
  /** The number of stored dead letters. */
  deadLetters(): Promise<number>;
  close(): Promise<void>;
}

/** Tests what inbox and dead letters do on every database. `open` returns a database in which both are empty. */
export function testInboxConformance(name: string, open: () => Promise<InboxUnderTest>): void {
  describe(`Inbox and DeadLetters on ${name}`, () => {
    const inbox = new Inbox('reader');
    let under: InboxUnderTest;
    beforeEach(async () => {
      under = await open();
    });
    afterEach(() => under.close());

    const accept = (events: { id: string }[], by = inbox) =>
      under.db.transaction((tx) => by.accept(tx, events));
    const someIds = (count: number) => Array.from({ length: count }, () => ({ id: newEventId() }));

    it('lets each event through once for each consumer, in the given order', async () => {
      const [a, b, c] = someIds(3);
      expect(await accept([c!, a!, c!])).toEqual([c, a]);
      expect(await accept([a!, b!, c!])).toEqual([b]);
      expect(await accept([a!, b!], new Inbox('other'))).toEqual([a, b]);
    });

    it('does not remember events that were rolled back', async () => {
      const ids = someIds(2);
      const failed = under.db.transaction(async (tx) => {
        await inbox.accept(tx, ids);
        throw new Error('no');
      });
      await expect(failed).rejects.toThrow('no');
      expect(await accept(ids)).toEqual(ids);
    });

    it.each([
      ['lets the event through when that is rolled back', true],
      ['rejects the event when that commits', false],
    ])('waits for another transaction with the same event, and %s', async (_name, isRolledBack) => {
      const [id] = someIds(1);
      const recorded = Promise.withResolvers<void>();
      const end = Promise.withResolvers<void>();
      const first = under.db.transaction(async (tx) => {
        await inbox.accept(tx, [id!]);
        recorded.resolve();
        await end.promise;
      });
      await recorded.promise;
      const second = accept([id!]);
      if (isRolledBack) end.reject(new Error('no'));
      else end.resolve();
      await first.catch(() => undefined);
      expect(await second).toEqual(isRolledBack ? [id] : []);
    });

    it('ends one of two deadlocked transactions, with a transient error', async () => {
      const [a, b] = someIds(2);
      const both = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
      const crossing = [
        [a!, b!],
        [b!, a!],
      ].map(([mine, other], n) =>
        under.db.transaction(async (tx) => {
          await inbox.accept(tx, [mine!]);
          both[n]!.resolve();
          await Promise.all(both.map(({ promise }) => promise));
          await inbox.accept(tx, [other!]);
        }),
      );
      const results = await Promise.allSettled(crossing);
      expect(results.map(({ status }) => status).toSorted()).toEqual(['fulfilled', 'rejected']);
      expect(results.find(({ status }) => status === 'rejected')).toMatchObject({
        reason: { code: '40P01' },
      });
    });

    it('stores a dead letter once, at whatever address it arrives, and only when its transaction commits', async () => {
      const deadLetters = new DeadLetters('reader');
      const delivery = (address: string, message = someEvent()) => ({
        ...{ message, address, attempt: 1 },
        ack: () => undefined,
        nak: () => undefined,
        working: () => undefined,
      });
      const message = someEvent();
      const add = (...deliveries: ReturnType<typeof delivery>[]) =>
        under.db.transaction(async (tx) => {
          for (const each of deliveries) await deadLetters.add(tx, each, new Error('never'));
        });
      await add(delivery('S/1', message), delivery('S/2', message));
      await add(delivery('S/1', message), delivery('S/3', { ...message, id: '' }));
      await add(delivery('S/3', { ...message, id: '' }), delivery('S/4', { ...message, id: '' }));
      expect(await under.deadLetters()).toBe(3);
      const failed = under.db.transaction(async (tx) => {
        await deadLetters.add(tx, delivery('S/5'), new Error('never'));
        throw new Error('no');
      });
      await expect(failed).rejects.toThrow('no');
      expect(await under.deadLetters()).toBe(3);
    });
  });
}
