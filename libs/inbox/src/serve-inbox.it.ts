import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { Message } from '@orders/messaging';
import { newEventId, someEvent } from '@orders/messaging/testing';
import { createMigratedDatabase, type TestDatabase } from '@orders/postgres/testing';
import { inboxV1 } from '@orders/rpc';
import { Secret } from '@orders/service';
import { DeadLetters } from './dead-letters.js';
import { InboxHandlers } from './inbox-handlers.js';
import { dataSource, handlers, ServedInbox } from './testing/served-inbox.js';

const { State, Outcome } = inboxV1;

let db: TestDatabase;
let inbox: ServedInbox;
beforeAll(async () => {
  ({ db } = await createMigratedDatabase((url) =>
    dataSource({ url: new Secret(url), poolMax: 2, applicationName: 'test' }),
  ));
  inbox = await ServedInbox.serve(db, true);
});
beforeEach(() => db.query('TRUNCATE inbox, dead_letter, dead_letter_audit'));
afterAll(async () => {
  await inbox.stop();
  await db[Symbol.asyncDispose]();
});

/** @returns the id of the dead letter */
async function addDeadLetter(
  message: Message,
  { consumer = 'reader', error = new Error('a bug'), address = 'THINGS/1' } = {},
): Promise<string> {
  const delivery = { message, address, attempt: 5, ack() {}, nak() {}, working() {} };
  await new DeadLetters(consumer).add(db, delivery, error);
  const [{ id }] = await db.query<[{ id: string }]>('SELECT max(id)::text AS id FROM dead_letter');
  return id;
}

async function apply(message: Message): Promise<void> {
  const known = new InboxHandlers('reader', handlers);
  await db.transaction((tx) => known.apply(tx, [known.read(message)]));
}

const statesOf = async (...eventIds: string[]) =>
  (await inbox.call('getDeliveries', { eventIds })).deliveries.map(({ state }) => state);

describe('the state of an event', () => {
  it('is that at this consumer, in the order of the request', async () => {
    const [applied, poison, discarded, redriven] = [someEvent(), someEvent(), someEvent(), someEvent()];
    await apply(applied);
    await addDeadLetter(poison);
    const ids = [await addDeadLetter(discarded)];
    await inbox.call('discard', { ids, operator: 'alice', reason: 'a test' });
    await inbox.call('redrive', { ids: [await addDeadLetter(redriven)], operator: 'alice', dryRun: false });
    const old = '01800000-0000-7000-8000-000000000000';
    const answer = await inbox.call('getDeliveries', {
      eventIds: [newEventId(), applied.id, poison.id, discarded.id, redriven.id, old],
    });
    expect(answer).toMatchObject({ consumer: 'reader', consumes: ['things.made'] });
    expect(answer.deliveries.map(({ state }) => state)).toEqual([
      ...[State.STATE_WAITING, State.STATE_APPLIED, State.STATE_DEAD_LETTER],
      ...[State.STATE_DISCARDED, State.STATE_REDRIVEN, State.STATE_FORGOTTEN],
    ]);
    expect(answer.deliveries[2]?.deadLetter).toMatchObject({
      ...{ eventId: poison.id, type: 'things.made', subject: 'thing-1', correlationId: 'request-1' },
      ...{ error: 'Error: a bug', attempts: 5, address: 'THINGS/1', body: '', audit: [] },
    });
  });

  it('is not that at another consumer of the same database', async () => {
    const event = someEvent();
    await addDeadLetter(event, { consumer: 'other' });
    expect(await statesOf(event.id)).toEqual([State.STATE_WAITING]);
  });

  it('is applied when its event came again after it had become a dead letter', async () => {
    const event = someEvent();
    await addDeadLetter(event);
    await apply(event);
    expect(await statesOf(event.id.toUpperCase())).toEqual([State.STATE_APPLIED]);
    expect(await statesOf(event.id)).toEqual([State.STATE_APPLIED]);
  });
});

describe('dead letters', () => {
  it('are grouped by error, the largest group first, with what is needed to settle them', async () => {
    const ids = [await addDeadLetter(someEvent()), await addDeadLetter(someEvent())];
    const other = await addDeadLetter(someEvent(), { error: new Error('full') });
    await addDeadLetter(someEvent(), { consumer: 'other' });
    const { groups, truncated } = await inbox.call('listDeadLetters', {});
    expect(groups.map(({ error, count, ids }) => ({ error, count, ids }))).toEqual([
      { error: 'Error: a bug', count: 2, ids },
      { error: 'Error: full', count: 1, ids: [other] },
    ]);
    expect(truncated).toBe(false);
  });

  it('are shown with their body and their audit, which names the operator of the request', async () => {
    const id = await addDeadLetter(someEvent({}, { n: 'no number' }));
    const { results } = await inbox.call('redrive', { ids: [id], operator: 'alice', dryRun: false });
    expect(results).toMatchObject([{ id, outcome: Outcome.OUTCOME_FAILED }]);
    expect(results[0]?.error).toContain('/n');
    await inbox.call('discard', { ids: [id], operator: 'bob', reason: ' no use ' });
    const letter = await inbox.call('getDeadLetter', { id });
    expect(letter).toMatchObject({ state: State.STATE_DISCARDED, attempts: 6, body: '{"n":"no number"}' });
    expect(letter.audit.map(({ operator, action, result }) => [operator, action, result])).toEqual([
      ['alice', 'redrive', 'failed'],
      ['bob', 'discard', 'discarded'],
    ]);
    expect(letter.audit[1]?.detail).toBe('no use');
  });

  it('are settled once: a repeated request skips them', async () => {
    const request = { ids: [await addDeadLetter(someEvent()), '999'], operator: 'alice', dryRun: false };
    const outcomes = async () => (await inbox.call('redrive', request)).results.map(({ outcome }) => outcome);
    expect(await outcomes()).toEqual([Outcome.OUTCOME_APPLIED, Outcome.OUTCOME_SKIPPED]);
    expect(await outcomes()).toEqual([Outcome.OUTCOME_SKIPPED, Outcome.OUTCOME_SKIPPED]);
  });

  it('stay as they are in a dry run', async () => {
    const event = someEvent();
    const ids = [await addDeadLetter(event)];
    const { results } = await inbox.call('redrive', { ids, operator: 'alice', dryRun: true });
    expect(results).toMatchObject([{ outcome: Outcome.OUTCOME_APPLIED }]);
    expect(await statesOf(event.id)).toEqual([State.STATE_DEAD_LETTER]);
  });

  it('of another consumer are neither shown nor settled', async () => {
    const id = await addDeadLetter(someEvent(), { consumer: 'other' });
    expect(await inbox.refusal('getDeadLetter', { id })).toEqual(['NOT_FOUND', '']);
    const { results } = await inbox.call('discard', { ids: [id], operator: 'alice', reason: 'r' });
    expect(results).toMatchObject([{ outcome: Outcome.OUTCOME_SKIPPED }]);
  });

  it('cannot be settled by an app without a login for operators, but be looked at', async () => {
    await using stack = new AsyncDisposableStack();
    const reading = await ServedInbox.serve(db, false);
    stack.defer(() => reading.stop());
    const id = await addDeadLetter(someEvent());
    expect(await reading.call('getDeadLetter', { id })).toMatchObject({ id, audit: [] });
    const settling = { ids: [id], operator: 'alice' };
    expect(await reading.refusal('redrive', { ...settling, dryRun: false })).toEqual(['UNIMPLEMENTED', '']);
    expect(await reading.refusal('discard', { ...settling, reason: 'r' })).toEqual(['UNIMPLEMENTED', '']);
  });
});

describe('a request that cannot be served is refused, and its field named', () => {
  const many = Array.from({ length: 101 }, () => '1');
  it.each([
    ['no events', 'getDeliveries', { eventIds: [] }, '/eventIds'],
    ['too many events', 'getDeliveries', { eventIds: many }, '/eventIds'],
    ['an id that is too long', 'getDeliveries', { eventIds: ['x'.repeat(513)] }, '/eventIds'],
    ['an empty id', 'getDeliveries', { eventIds: [''] }, '/eventIds'],
    ['no dead letters', 'redrive', { ids: [], operator: 'a', dryRun: false }, '/ids'],
    ['a dead letter without number', 'redrive', { ids: ['1; DROP'], operator: 'a', dryRun: false }, '/ids'],
    ['a number beyond 64 bits', 'redrive', { ids: ['9'.repeat(19)], operator: 'a', dryRun: false }, '/ids'],
    ['nobody', 'redrive', { ids: ['1'], operator: '', dryRun: false }, '/operator'],
    ['a name with a line break', 'redrive', { ids: ['1'], operator: 'a\nb', dryRun: false }, '/operator'],
    ['a name with NUL', 'discard', { ids: ['1'], operator: 'a\0', reason: 'r' }, '/operator'],
    ['no reason', 'discard', { ids: ['1'], operator: 'a', reason: '  ' }, '/reason'],
    [
      'a reason that is too long',
      'discard',
      { ids: ['1'], operator: 'a', reason: 'x'.repeat(1_001) },
      '/reason',
    ],
  ] as const)('%s', async (_what, name, request, pointer) => {
    expect(await inbox.refusal(name, request as never)).toEqual(['INVALID_ARGUMENT', pointer]);
  });

  it('an id that is no dead letter', async () => {
    for (const id of ['', '0', '-1', 'x', '12345', '9'.repeat(30)])
      expect(await inbox.refusal('getDeadLetter', { id })).toEqual(['NOT_FOUND', '']);
  });

  it('but ids that no event has are only unknown', async () => {
    expect(await statesOf('no uuid', "'; --", '\u0000', '💥')).toEqual(Array(4).fill(State.STATE_WAITING));
  });
});
