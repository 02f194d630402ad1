import { describe, expect, it } from '@jest/globals';
import { firstUuidV7, type Message } from '@orders/messaging';
import { someEvent } from '@orders/messaging/testing';
import { createTestDatabase, type TestDatabase } from '@orders/postgres/testing';
import { Backoff } from '@orders/resilience';
import { PermanentError } from './failure.js';
import { INBOX_SCHEMA_V1 } from './inbox-schema.js';
import { Inbox } from './inbox.js';
import { useConsumer } from './testing/consumer-under-test.js';
import { deliver } from './testing/delivery.js';
import { testInboxConformance } from './testing/inbox-conformance.js';

const under = useConsumer();
const { consumer, effects, deadLetters } = under;

describe('InboxConsumer', () => {
  it('applies a batch and acks it after the commit', async () => {
    const batch = [deliver(someEvent()), deliver(someEvent())];
    await consumer().process(batch, under.running);
    expect(await effects()).toEqual(batch.map(({ message }) => message.id));
    expect(batch.map(({ state }) => state.settled)).toEqual(['ack', 'ack']);
  });

  it('applies an event once, however often it is delivered: later, at the same time, twice in one batch', async () => {
    const message = someEvent();
    await Promise.all(
      [1, 2, 3].map(() => consumer().process([deliver(message), deliver(message)], under.running)),
    );
    await consumer().process([deliver(message)], under.running);
    expect(await effects()).toEqual([message.id]);
  });

  it('applies an event once for each consumer', async () => {
    const message = someEvent();
    await consumer().process([deliver(message)], under.running);
    await consumer({ name: 'other' }).process([deliver(message)], under.running);
    expect(await effects()).toHaveLength(2);
  });

  it('leaves neither effect nor inbox entry nor ack when the transaction fails', async () => {
    const stop = new AbortController();
    const message = someEvent({}, { n: -1 });
    under.failures = [Object.assign(new Error('restarting'), { code: '57P01' })];
    const broken: TestDatabase = {
      ...under.db,
      transaction: (work) => under.db.transaction(work).finally(() => stop.abort()),
    };
    const delivery = deliver(message);
    await consumer({ db: broken }).process([delivery], stop.signal);
    expect(await effects()).toEqual([]);
    expect(await under.db.query('SELECT * FROM inbox')).toEqual([]);
    expect(delivery.state.settled).toBe('open');
  });

  it('retries after a transient error without limit, and signals that the event is in progress', async () => {
    under.failures = Array.from({ length: 10 }, () =>
      Object.assign(new Error('too many clients'), { code: '53300' }),
    );
    const delivery = deliver(someEvent({}, { n: -1 }));
    await consumer().process([delivery], under.running);
    expect(delivery.state).toEqual({ settled: 'ack', workings: 10 });
    expect(await effects()).toHaveLength(1);
    expect(await deadLetters()).toEqual([]);
  });

  it('gives up after three attempts with an unknown error, and the other events of the batch take effect', async () => {
    under.failures = Array.from({ length: 9 }, () => new TypeError('a bug'));
    const [good, bad, alsoGood] = [
      deliver(someEvent()),
      deliver(someEvent({}, { n: -1 })),
      deliver(someEvent()),
    ];
    await consumer().process([good, bad, alsoGood], under.running);
    expect(await effects()).toEqual([good.message.id, alsoGood.message.id]);
    expect(under.failures).toHaveLength(5);
    expect(await deadLetters()).toMatchObject([{ address: bad.address, error: 'TypeError: a bug' }]);
    expect(bad.state.settled).toBe('ack');
  });

  it('resets its backoff after it has given up on an event', async () => {
    under.failures = Array.from({ length: 9 }, () => new TypeError('a bug'));
    const backoff = new Backoff({ baseMs: 1, maxMs: 1_000, random: () => 0.99 });
    const [bad, alsoBad] = [deliver(someEvent({}, { n: -1 })), deliver(someEvent({}, { n: -1 }))];
    await consumer({ backoff }).process([bad], under.running);
    expect(backoff.failures).toBe(0);
    await consumer({ backoff }).process([alsoBad], under.running);
    expect(await deadLetters()).toHaveLength(2);
  });

  it('turns an event with a permanent error into a dead letter at once', async () => {
    under.failures = [new PermanentError('never'), new PermanentError('never')];
    const delivery = deliver(someEvent({}, { n: -1 }));
    await consumer().process([delivery], under.running);
    expect(under.failures).toHaveLength(1);
    expect(await deadLetters()).toHaveLength(1);
  });

  it.each([
    ['data that violates the schema', someEvent({}, { n: 'one' }), /n/],
    ['a body that is no JSON', { ...someEvent(), body: '{' }, /no JSON/],
    ['a type without a handler', someEvent({ type: 'things.broken' }), /things\.broken/],
    ['no headers', { ...someEvent(), headers: {} }, /ce-id/],
    [
      'NUL, a lone surrogate and text like an escape',
      { id: '\0', subject: 'a\ud800', body: '\0\ud800', headers: { x: '\0\ud800', y: '\\u0000' } },
      /ce-id/,
    ],
  ])(
    'stores an event with %s as a dead letter, once, and applies the others',
    async (_name, poison: Message, error) => {
      const good = deliver(someEvent());
      const bad = deliver(poison, 'ORDERS/7');
      await consumer().process([bad, good], under.running);
      await consumer().process([deliver(poison, 'ORDERS/7')], under.running);
      expect(await effects()).toEqual([good.message.id]);
      expect([bad.state.settled, good.state.settled]).toEqual(['ack', 'ack']);
      const stored = await deadLetters();
      expect(stored).toHaveLength(1);
      expect(stored[0]?.error).toMatch(error);
    },
  );
});

testInboxConformance('Postgres', async () => {
  const database = await createTestDatabase();
  await database.query(INBOX_SCHEMA_V1);
  return {
    db: database,
    deadLetters: async () => (await database.query<unknown[]>('SELECT FROM dead_letter')).length,
    close: () => database[Symbol.asyncDispose](),
  };
});

describe('Inbox', () => {
  it('forgets old events, a limited number at a time', async () => {
    const inbox = new Inbox('reader');
    const old = ['2020-01-01', '2020-01-02', '2020-01-03'].map((day) => ({ id: firstUuidV7(new Date(day)) }));
    const young = { id: firstUuidV7(new Date('2026-01-01')) };
    await inbox.accept(under.db, [...old, young]);
    const before = new Date('2025-01-01');
    expect([await inbox.forget(under.db, before, 2), await inbox.forget(under.db, before, 2)]).toEqual([
      2, 1,
    ]);
    expect(await inbox.accept(under.db, [...old, young])).toEqual(old);
  });
});
