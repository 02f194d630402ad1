import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  auditOf,
  DeadLetters,
  discard,
  findDeadLetter,
  findDeliveries,
  groupDeadLetters,
  Inbox,
  InboxHandlers,
  redrive,
  selectDeadLetters,
  settledEvents,
  waitingGroups,
} from '@orders/inbox';
import { newEventId } from '@orders/messaging/testing';
import { withDatabase } from '@orders/postgres';
import {
  createMigratedDatabase,
  createTestRoles,
  type TestDatabase,
  type TestRoles,
} from '@orders/postgres/testing';
import { Secret } from '@orders/service';
import { randomUUID } from 'node:crypto';
import type { DataSource } from 'typeorm';
import { dataSource as openDataSource, handlers, name, roles } from './app.js';
import { ShipmentsRepository } from './shipments/shipments.repository.js';
import { someMessage } from './testing/some-message.js';

const openAt = (url: string) => openDataSource({ url: new Secret(url), poolMax: 4, applicationName: 'app' });

let db: TestDatabase;
let granted: TestRoles;
beforeAll(async () => {
  ({ db } = await createMigratedDatabase(openAt));
  granted = await createTestRoles(db, roles);
});
afterAll(async () => {
  await granted[Symbol.asyncDispose]();
  await db[Symbol.asyncDispose]();
});

/** Runs `work` as a role, whose rights are found to be complete. */
async function as(kind: 'app' | 'operator', work: (db: DataSource) => Promise<void>) {
  const app = openAt(granted.urlOf(kind));
  await withDatabase(app, { rights: roles[kind] }, () => work(app));
}

describe('a role with the declared rights and no others is enough', () => {
  const known = new InboxHandlers(name, handlers);

  it('for the consumer', async () => {
    await as('app', async (app) => {
      const message = someMessage();
      for (let times = 0; times < 2; times += 1)
        await app.transaction((tx) => known.apply(tx, [known.read(message)]));
      await new ShipmentsRepository(app).find(randomUUID());
      await settledEvents(app, name).newestTime();
      await settledEvents(app, name).areSettled([{ id: newEventId(), address: 'ORDERS/1' }]);
      await new Inbox(name).forget(app, new Date());
      await findDeliveries(app, name, [message.id]);
      await waitingGroups(app, name);
      await findDeadLetter(app, '1');
      for (const attempt of [1, 2]) {
        const delivery = { message: someMessage(), address: `ORDERS/${attempt}`, attempt };
        await app.transaction((tx) =>
          new DeadLetters(name).add(tx, { ...delivery, ack() {}, nak() {}, working() {} }, new Error('no')),
        );
      }
    });
  });

  it('for the desk of dead letters', async () => {
    await as('operator', async (app) => {
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
});
