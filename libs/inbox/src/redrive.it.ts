import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { recordSpans } from '@orders/instrumentation/testing';
import type { Message } from '@orders/messaging';
import { someEvent } from '@orders/messaging/testing';
import { createTestDatabase, type TestDatabase } from '@orders/postgres/testing';
import { z } from 'zod';
import { auditOf, findDeadLetter, groupDeadLetters, selectDeadLetters } from './dead-letter-reads.js';
import { DeadLetters } from './dead-letters.js';
import { eventHandler } from './event-handler.js';
import { InboxHandlers } from './inbox-handlers.js';
import { INBOX_SCHEMA_V1 } from './inbox-schema.js';
import { discard, redrive, type RedriveOptions } from './redrive.js';

let db: TestDatabase;
let failure: Error | undefined;
let duringHandling: (() => Promise<void>) | undefined;

const made = eventHandler({
  contract: { type: 'things.made', schema: z.object({ n: z.number() }) },
  handle: async (tx, events) => {
    for (const { id } of events) await tx.query('INSERT INTO effect (event_id) VALUES ($1)', [id]);
    await duringHandling?.();
    if (failure) throw failure;
  },
});
const handlersOf = (name: string) => new InboxHandlers(name, [made]);
const options = (overrides: Partial<RedriveOptions> = {}): RedriveOptions => ({
  db,
  consumers: new Map(['reader', 'other'].map((name) => [name, handlersOf(name)])),
  operator: 'alice@desk',
  dryRun: false,
  ...overrides,
});

async function addDeadLetter(
  message: Message,
  { consumer = 'reader', error = new Error('a bug'), at = 'ORDERS/1' } = {},
) {
  const delivery = { message, address: at, attempt: 5, ack() {}, nak() {}, working() {} };
  await new DeadLetters(consumer).add(db, delivery, error);
  return (await selectDeadLetters(db, {})).at(-1)!;
}
const effects = async () => (await db.query<unknown[]>('SELECT event_id FROM effect')).length;

beforeEach(async () => {
  db = await createTestDatabase();
  await db.query(INBOX_SCHEMA_V1);
  await db.query('CREATE TABLE fitting (n int PRIMARY KEY)');
  await db.query(`CREATE TABLE effect (event_id uuid NOT NULL,
    n int REFERENCES fitting DEFERRABLE INITIALLY DEFERRED)`);
  failure = duringHandling = undefined;
});
afterEach(() => db[Symbol.asyncDispose]());

describe('redrive', () => {
  it('applies a dead letter once, marks it and adds an audit entry; the second time it skips it', async () => {
    const id = await addDeadLetter(someEvent());
    expect(await redrive(id, options())).toEqual({ result: 'applied' });
    expect(await redrive(id, options())).toEqual({ result: 'skipped' });
    expect(await effects()).toBe(1);
    expect(await findDeadLetter(db, id)).toMatchObject({
      state: 'redriven',
      attempts: 6,
      error: 'Error: a bug',
    });
    expect(await auditOf(db, id)).toMatchObject([
      { operator: 'alice@desk', action: 'redrive', result: 'applied', detail: '' },
    ]);
  });

  it('is a trace of its own that leads to the one of the event', async () => {
    const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
    const event = someEvent();
    const id = await addDeadLetter({ ...event, headers: { ...event.headers, traceparent } });
    const spans = recordSpans();
    try {
      await redrive(id, options());
      const redriven = spans.ended().filter(({ name }) => name === `redrive ${event.subject}`);
      const links = redriven.map((span) => span.links.map(({ context }) => context.traceId));
      expect(links).toEqual([['0af7651916cd43dd8448eb211c80319c']]);
      expect(redriven[0]?.spanContext().traceId).not.toBe('0af7651916cd43dd8448eb211c80319c');
    } finally {
      spans.stop();
    }
  });

  it('settles a dead letter without effect when its event has taken effect meanwhile', async () => {
    const message = someEvent();
    const id = await addDeadLetter(message);
    const handlers = handlersOf('reader');
    await handlers.apply(db, [handlers.read(message)]);
    expect(await redrive(id, options())).toEqual({ result: 'duplicate' });
    expect(await effects()).toBe(1);
    expect(await findDeadLetter(db, id)).toMatchObject({ state: 'redriven' });
  });

  it('applies only for the consumer that failed', async () => {
    const message = someEvent();
    await addDeadLetter(message, { consumer: 'other' });
    const [id] = await selectDeadLetters(db, { consumer: 'other' });
    await redrive(id!, options());
    expect(await db.query('SELECT consumer FROM inbox')).toEqual([{ consumer: 'other' }]);
  });

  it('keeps a dead letter that fails again, with its new error and attempts, and rolls its effect back', async () => {
    const id = await addDeadLetter(someEvent());
    failure = new TypeError('another bug');
    expect(await redrive(id, options())).toEqual({ result: 'failed', error: 'TypeError: another bug' });
    expect(await effects()).toBe(0);
    expect(await db.query('SELECT * FROM inbox')).toEqual([]);
    expect(await findDeadLetter(db, id)).toMatchObject({
      ...{ state: 'waiting', attempts: 6, error: 'TypeError: another bug' },
    });
    expect(await auditOf(db, id)).toMatchObject([{ result: 'failed', detail: 'TypeError: another bug' }]);
    failure = undefined;
    expect(await redrive(id, options())).toEqual({ result: 'applied' });
  });

  it('records the violation of a deferred constraint as a failure of the dead letter', async () => {
    const id = await addDeadLetter(someEvent());
    await db.query('ALTER TABLE effect ALTER n SET DEFAULT 7');
    expect(await redrive(id, options())).toMatchObject({
      result: 'failed',
      error: expect.stringMatching(/effect_n_fkey/),
    });
    expect(await auditOf(db, id)).toHaveLength(1);
  });

  it('leaves a dead letter unchanged after a transient error', async () => {
    const id = await addDeadLetter(someEvent());
    failure = Object.assign(new Error('restarting'), { code: '57P01' });
    await expect(redrive(id, options())).rejects.toThrow('restarting');
    expect(await findDeadLetter(db, id)).toMatchObject({ state: 'waiting', attempts: 5 });
    expect(await auditOf(db, id)).toEqual([]);
  });

  it('lets one of two operators redrive a dead letter, the other one skips it', async () => {
    const id = await addDeadLetter(someEvent());
    const second = Promise.withResolvers<unknown>();
    duringHandling = async () => {
      duringHandling = undefined;
      second.resolve(await redrive(id, options({ operator: 'bob@desk' })));
    };
    expect(await redrive(id, options())).toEqual({ result: 'applied' });
    expect(await second.promise).toEqual({ result: 'skipped' });
    expect(await effects()).toBe(1);
    expect((await auditOf(db, id)).map(({ operator }) => operator)).toEqual(['alice@desk']);
  });

  it('returns the outcome of a dry run, and leaves no trace', async () => {
    const id = await addDeadLetter(someEvent());
    const before = await findDeadLetter(db, id);
    expect(await redrive(id, options({ dryRun: true }))).toEqual({ result: 'applied' });
    failure = new Error('no');
    expect(await redrive(id, options({ dryRun: true }))).toMatchObject({ result: 'failed' });
    expect(await findDeadLetter(db, id)).toEqual(before);
    expect([await effects(), await auditOf(db, id), await db.query('SELECT * FROM inbox')]).toEqual([
      0,
      [],
      [],
    ]);
  });

  it('fails for a consumer that the app does not have, and names it', async () => {
    const id = await addDeadLetter(someEvent());
    const outcome = await redrive(id, options({ consumers: new Map() }));
    expect(outcome).toEqual({ result: 'failed', error: 'PermanentError: this app has no consumer reader' });
  });
});

describe('discard', () => {
  it('settles a dead letter with its reason, once, and it is never redriven', async () => {
    const id = await addDeadLetter(someEvent());
    const decision = { operator: 'alice@desk', reason: 'test order' };
    expect([await discard(db, id, decision), await discard(db, id, decision)]).toEqual([true, false]);
    expect(await redrive(id, options())).toEqual({ result: 'skipped' });
    expect(await findDeadLetter(db, id)).toMatchObject({
      state: 'discarded',
      error: 'Error: a bug',
      attempts: 5,
    });
    expect(await auditOf(db, id)).toMatchObject([
      { action: 'discard', result: 'discarded', detail: 'test order' },
    ]);
    expect(await effects()).toBe(0);
  });
});

describe('dead letters', () => {
  it('are grouped by consumer, error and schema version, without settled ones', async () => {
    const v2 = { dataschema: 'urn:schema:things.made:v2' };
    await addDeadLetter(someEvent());
    const second = await addDeadLetter(someEvent());
    await addDeadLetter(someEvent(v2));
    await addDeadLetter(someEvent(v2), { error: new Error('full') });
    await addDeadLetter(someEvent(), { consumer: 'other' });
    await discard(db, second, { operator: 'x', reason: 'y' });
    await addDeadLetter(someEvent());
    expect(
      (await groupDeadLetters(db)).map((group) => [
        group.consumer,
        group.error,
        group.dataschema,
        group.count,
      ]),
    ).toEqual([
      ['reader', 'Error: a bug', 'urn:schema:things.made:v1', 2],
      ['reader', 'Error: a bug', 'urn:schema:things.made:v2', 1],
      ['reader', 'Error: full', 'urn:schema:things.made:v2', 1],
      ['other', 'Error: a bug', 'urn:schema:things.made:v1', 1],
    ]);
  });

  it('are selected by id, consumer and a part of the error, in numeric order of their ids', async () => {
    await db.query('ALTER TABLE dead_letter ALTER id RESTART WITH 9');
    await addDeadLetter(someEvent());
    await addDeadLetter(someEvent(), { error: new Error('Disk FULL') });
    await addDeadLetter(someEvent(), { consumer: 'other' });
    expect(await selectDeadLetters(db, {})).toEqual(['9', '10', '11']);
    expect(await selectDeadLetters(db, { error: 'disk full' })).toEqual(['10']);
    expect(await selectDeadLetters(db, { consumer: 'reader', ids: ['9', '11'] })).toEqual(['9']);
    expect(await selectDeadLetters(db, { error: '%' })).toEqual([]);
  });

  it('are kept when a recreated stream gives another event an old address', async () => {
    const message = someEvent();
    await addDeadLetter(message, { at: 'ORDERS/1' });
    await addDeadLetter(someEvent(), { at: 'ORDERS/1' });
    await addDeadLetter(message, { at: 'ORDERS/2' });
    expect(await selectDeadLetters(db, {})).toHaveLength(2);
  });
});
