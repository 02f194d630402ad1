import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { newEventId, someEvent } from '../testing/fixtures.js';
import { createTestDatabase, type TestDatabase } from '../testing/test-database.js';
import { DeadLetters } from './dead-letters.js';
import { Inbox } from './inbox.js';
import { INBOX_SCHEMA_V1 } from './inbox-schema.js';
import { hasSettled } from './settled.js';

let db: TestDatabase;
beforeAll(async () => {
  db = await createTestDatabase();
  await db.query(INBOX_SCHEMA_V1);
});
afterAll(() => db[Symbol.asyncDispose]());

const settled = (id: string, address = 'ORDERS/1') => hasSettled(db, 'reader', { id, address });
const bury = (id: string, address: string) => {
  const delivery = { message: { ...someEvent(), id }, address, attempt: 1, ack() {}, nak() {}, working() {} };
  return new DeadLetters('reader').add(db, delivery, new Error('a bug'));
};

describe('an event is settled', () => {
  it('when it has taken effect in this consumer', async () => {
    const id = newEventId();
    await new Inbox('other').accept(db, [{ id }]);
    expect(await settled(id)).toBe(false);
    await new Inbox('reader').accept(db, [{ id }]);
    expect(await settled(id)).toBe(true);
    expect(await settled(newEventId())).toBe(false);
  });

  it('when it is kept as a dead letter, whatever its id looks like', async () => {
    await bury('no uuid', 'ORDERS/2');
    expect(await settled('no uuid', 'ORDERS/7')).toBe(true);
    expect(await settled('another', 'ORDERS/2')).toBe(false);
  });

  it('without an id: when the letter from that very place is kept', async () => {
    await bury('', 'ORDERS/3');
    expect(await settled('', 'ORDERS/3')).toBe(true);
    expect(await settled('', 'ORDERS/4')).toBe(false);
  });
});
