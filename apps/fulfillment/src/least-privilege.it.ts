import { afterAll, beforeAll, expect, it } from '@jest/globals';
import {
  auditOf,
  DeadLetters,
  discard,
  findDeadLetter,
  groupDeadLetters,
  Inbox,
  InboxHandlers,
  redrive,
  selectDeadLetters,
  settledEvents,
} from '@orders/inbox';
import { newEventId } from '@orders/messaging/testing';
import { withDatabase } from '@orders/postgres';
import {
  createMigratedDatabase,
  createTestRole,
  type TestDatabase,
  type TestRole,
} from '@orders/postgres/testing';
import { Secret } from '@orders/service';
import { randomUUID } from 'node:crypto';
import { dataSource as openDataSource, handlers, name, rights } from './app.js';
import { ShipmentsRepository } from './shipments/shipments.repository.js';
import { someMessage } from './testing/some-message.js';

const openAt = (url: string) => openDataSource({ url: new Secret(url), poolMax: 4, applicationName: 'app' });

let db: TestDatabase;
let role: TestRole;
beforeAll(async () => {
  ({ db } = await createMigratedDatabase(openAt));
  role = await createTestRole(db, { ...rights, migrations: ['SELECT'] });
});
afterAll(async () => {
  await role[Symbol.asyncDispose]();
  await db[Symbol.asyncDispose]();
});

it('fulfillment and its dead letters need no right that is not declared', async () => {
  const app = openAt(role.url);
  await withDatabase(app, { rights }, async () => {
    const known = new InboxHandlers(name, handlers);
    const message = someMessage();
    for (let times = 0; times < 2; times += 1)
      await app.transaction((tx) => known.apply(tx, [known.read(message)]));
    await new ShipmentsRepository(app).find(randomUUID());
    await settledEvents(app, name).newestTime();
    await settledEvents(app, name).areSettled([{ id: newEventId(), address: 'ORDERS/1' }]);
    await new Inbox(name).forget(app, new Date());

    for (const attempt of [1, 2]) {
      const delivery = { message: someMessage(), address: `ORDERS/${attempt}`, attempt };
      await app.transaction((tx) =>
        new DeadLetters(name).add(tx, { ...delivery, ack() {}, nak() {}, working() {} }, new Error('no')),
      );
    }
    await groupDeadLetters(app);
    const [first = '', second = ''] = await selectDeadLetters(app, { consumer: name });
    await findDeadLetter(app, first);
    const consumers = new Map([[name, known]]);
    const redriven = await redrive(first, { db: app, consumers, operator: 'o', dryRun: false });
    expect(redriven).toEqual({ result: 'applied' });
    expect(await discard(app, second, { operator: 'o', reason: 'r' })).toBe(true);
    expect(await auditOf(app, second)).toHaveLength(1);
  });
});
