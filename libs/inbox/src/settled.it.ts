import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { firstUuidV7 } from '@orders/messaging';
import { newEventId, someEvent } from '@orders/messaging/testing';
import { createTestDatabase, type TestDatabase } from '@orders/postgres/testing';
import { eventually } from '@orders/resilience/testing/eventually';
import { randomBytes } from 'node:crypto';
import { DeadLetters } from './dead-letters.js';
import { INBOX_SCHEMA_V1 } from './inbox-schema.js';
import { Inbox } from './inbox.js';
import { settledEvents } from './settled.js';

let db: TestDatabase;
beforeAll(async () => {
  db = await createTestDatabase();
  await db.query(INBOX_SCHEMA_V1);
});
afterAll(() => db[Symbol.asyncDispose]());

const reader = () => settledEvents(db, 'reader');
const settled = (id: string, address = 'ORDERS/1') => reader().areSettled([{ id, address }]);
const addDeadLetter = (id: string, address: string) => {
  const delivery = { message: { ...someEvent(), id }, address, attempt: 1, ack() {}, nak() {}, working() {} };
  return new DeadLetters('reader').add(db, delivery, new Error('a bug'));
};

it('the time of the newest event is read from its id; ids from the future are ignored', async () => {
  expect((await settledEvents(db, 'nobody').newestTime()).getTime()).toBe(0);
  const before = Date.now();
  await new Inbox('reader').accept(db, [{ id: newEventId() }]);
  const newest = async () => (await reader().newestTime()).getTime();
  await eventually('the time of the event to pass', async () => (await newest()) >= before);
  await new Inbox('reader').accept(db, [{ id: firstUuidV7(new Date('2200-01-01')) }]);
  expect(await newest()).toBeGreaterThanOrEqual(before);
  expect(await newest()).toBeLessThanOrEqual(Date.now());
});

it('several events are settled when each of them is', async () => {
  const [one, other] = [newEventId(), newEventId()];
  await new Inbox('reader').accept(db, [{ id: one }]);
  const events = [one, other].map((id) => ({ id, address: 'ORDERS/1' }));
  expect(await reader().areSettled(events)).toBe(false);
  await new Inbox('reader').accept(db, [{ id: other }]);
  expect(await reader().areSettled(events)).toBe(true);
  expect(await reader().areSettled([])).toBe(true);
});

describe('an event is settled', () => {
  it('when it has taken effect in this consumer', async () => {
    const id = newEventId();
    await new Inbox('other').accept(db, [{ id }]);
    expect(await settled(id)).toBe(false);
    await new Inbox('reader').accept(db, [{ id }]);
    expect(await settled(id)).toBe(true);
    expect(await settled(newEventId())).toBe(false);
  });

  it('when it is a dead letter, whatever its id looks like', async () => {
    await addDeadLetter('no uuid', 'ORDERS/2');
    expect(await settled('no uuid', 'ORDERS/7')).toBe(true);
    expect(await settled('another', 'ORDERS/2')).toBe(false);
    const long = randomBytes(6_000).toString('base64url');
    await addDeadLetter(long, 'ORDERS/6');
    expect(await settled(long, 'ORDERS/6')).toBe(true);
    await addDeadLetter('nul\0', 'ORDERS/5');
    expect(await settled('nul\0', 'ORDERS/5')).toBe(true);
  });

  it('without an id: when the dead letter from this address exists', async () => {
    await addDeadLetter('', 'ORDERS/3');
    expect(await settled('', 'ORDERS/3')).toBe(true);
    expect(await settled('', 'ORDERS/4')).toBe(false);
  });
});
