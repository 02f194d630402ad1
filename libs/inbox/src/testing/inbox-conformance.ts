import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { newEventId, someEvent } from '@orders/messaging/testing';
import type { Queryable, TransactionRunner } from '@orders/postgres';
import { DeadLetters } from '../dead-letters.js';
import { Inbox } from '../inbox.js';

export interface InboxUnderTest {
  db: Queryable & TransactionRunner;
  /** Dead letters kept so far. */
  letters(): Promise<number>;
  close(): Promise<void>;
}

/** What inbox and dead letters do on every database that they run on. `open` gives one with both empty. */
export function itKeepsAnInbox(name: string, open: () => Promise<InboxUnderTest>): void {
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

    it('lets each event through once, in the order given, for each consumer', async () => {
      const [a, b, c] = someIds(3);
      expect(await accept([c!, a!, c!])).toEqual([c, a]);
      expect(await accept([a!, b!, c!])).toEqual([b]);
      expect(await accept([a!, b!], new Inbox('other'))).toEqual([a, b]);
    });

    it('knows nothing of what was rolled back', async () => {
      const ids = someIds(2);
      const failed = under.db.transaction(async (tx) => {
        await inbox.accept(tx, ids);
        throw new Error('no');
      });
      await expect(failed).rejects.toThrow('no');
      expect(await accept(ids)).toEqual(ids);
    });

    it.each([
      ['lets it through when that one is rolled back', true],
      ['keeps it out when that one commits', false],
    ])('waits for a transaction that notes the same event and %s', async (_name, isRolledBack) => {
      const [id] = someIds(1);
      const noted = Promise.withResolvers<void>();
      const end = Promise.withResolvers<void>();
      const first = under.db.transaction(async (tx) => {
        await inbox.accept(tx, [id!]);
        noted.resolve();
        await end.promise;
      });
      await noted.promise;
      const second = accept([id!]);
      if (isRolledBack) end.reject(new Error('no'));
      else end.resolve();
      await first.catch(() => undefined);
      expect(await second).toEqual(isRolledBack ? [id] : []);
    });

    it('ends one of two transactions that wait for each other, with an error that passes', async () => {
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

    it('keeps a dead letter once, under whatever address it comes, and with its transaction', async () => {
      const letters = new DeadLetters('reader');
      const delivery = (address: string, message = someEvent()) => ({
        ...{ message, address, attempt: 1 },
        ack: () => undefined,
        nak: () => undefined,
        working: () => undefined,
      });
      const message = someEvent();
      const keep = (...deliveries: ReturnType<typeof delivery>[]) =>
        under.db.transaction(async (tx) => {
          for (const each of deliveries) await letters.add(tx, each, new Error('never'));
        });
      await keep(delivery('S/1', message), delivery('S/2', message));
      await keep(delivery('S/1', message), delivery('S/3', { ...message, id: '' }));
      await keep(delivery('S/3', { ...message, id: '' }), delivery('S/4', { ...message, id: '' }));
      expect(await under.letters()).toBe(3);
      const failed = under.db.transaction(async (tx) => {
        await letters.add(tx, delivery('S/5'), new Error('never'));
        throw new Error('no');
      });
      await expect(failed).rejects.toThrow('no');
      expect(await under.letters()).toBe(3);
    });
  });
}
