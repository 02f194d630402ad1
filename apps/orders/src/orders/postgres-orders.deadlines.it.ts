import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { eventually } from '@orders/resilience/testing/eventually';
import { Deadline } from '@orders/resilience';
import { canceling, findIn, inTime, listIn, someNewOrder } from '../testing/fixtures.js';
import { StoredOrders } from '../testing/stored-orders.js';

let stored: StoredOrders;
beforeAll(async () => {
  stored = await StoredOrders.open();
});
afterAll(() => stored[Symbol.asyncDispose]());
beforeEach(() => stored.clear());

/** The statements of the repository that run now. */
const running = () =>
  stored.db.query<object[]>(`SELECT query FROM pg_stat_activity
    WHERE application_name = 'test' AND datname = current_database() AND state <> 'idle'`);
const nothingRuns = () => eventually('the end of its statements', async () => (await running()).length === 0);

const NOT_KNOWN = 'the deadline passed; it is not known whether anything was done';

/** Its caller ended the statement, no timeout of Postgres, which would come later. */
const CANCELLED = {
  code: 'deadline-exceeded',
  cause: { message: 'canceling statement due to user request' },
};

describe('PostgresOrdersRepository while another session holds a lock that it needs', () => {
  it('stops at the deadline and stores nothing; a repeat creates exactly one order', async () => {
    await stored.whileKeyIsHeld(async () => {
      // No timer in this process: only Postgres ends the statement.
      const deadline = Deadline.withoutTimer(new AbortController().signal, 300);
      await expect(stored.repository.create([someNewOrder({ key: 'k' })], deadline)).rejects.toMatchObject({
        code: 'deadline-exceeded',
        message: NOT_KNOWN,
        cause: { message: 'canceling statement due to statement timeout' },
      });
      await nothingRuns();
    });
    expect(await stored.ids()).toEqual([]);
    for (const existed of [false, true]) {
      const repeated = await stored.repository.create([someNewOrder({ key: 'k' })], inTime());
      expect(repeated).toMatchObject([{ existed }]);
    }
    expect(await stored.events()).toHaveLength(1);
  });

  it('stops a create at once when its caller cancels it, and reuses the connection', async () => {
    const pids = "SELECT pid FROM pg_stat_activity WHERE application_name = 'test' ORDER BY pid";
    await stored.whileKeyIsHeld(async () => {
      const caller = new AbortController();
      const call = stored.repository.create(
        [someNewOrder({ key: 'k' })],
        Deadline.withoutTimer(caller.signal, 2_000),
      );
      await eventually('it waits for the lock', async () => (await running()).length > 0);
      const before = await stored.db.query<object[]>(pids);
      caller.abort();
      await expect(call).rejects.toMatchObject(CANCELLED);
      await nothingRuns();
      expect(await stored.db.query(pids)).toEqual(expect.arrayContaining(before));
    });
    expect(await stored.ids()).toEqual([]);
  });

  // Its end is a COMMIT, which the request would hit as well: it ends by itself before the deadline.
  it('does not cancel a create that commits by itself', async () => {
    await stored.whileKeyIsHeld(async () => {
      const caller = new AbortController();
      const call = stored.repository.create(
        [someNewOrder({ key: 'k' })],
        Deadline.withoutTimer(caller.signal, 60_000),
      );
      await eventually('it waits for the lock', async () => (await running()).length > 0);
      caller.abort();
      await expect(call).rejects.toMatchObject({ code: 'idempotency-key-in-use' });
    });
  });

  it('stops a read at once when its caller cancels it', async () => {
    await stored.db.transaction(async (tx) => {
      await tx.query('LOCK TABLE orders IN ACCESS EXCLUSIVE MODE');
      const { order } = someNewOrder();
      const query = { customerId: 'alice', limit: 10, before: undefined };
      for (const read of [
        (deadline: Deadline) => findIn(stored.repository, order, deadline),
        (deadline: Deadline) => listIn(stored.repository, query, deadline),
      ]) {
        const caller = new AbortController();
        const call = read(Deadline.withoutTimer(caller.signal, 60_000));
        await eventually('it waits for the lock', async () => (await running()).length > 0);
        caller.abort();
        await expect(call).rejects.toMatchObject(CANCELLED);
        await nothingRuns();
      }
    });
  });

  it('saves no cancellation after its deadline', async () => {
    const created = someNewOrder();
    await stored.repository.create([created], inTime());
    const { id } = created.order;
    await stored.db.transaction(async (tx) => {
      await tx.query('SELECT id FROM orders WHERE id = $1 FOR UPDATE', [id]);
      const deadline = Deadline.withoutTimer(new AbortController().signal, 300);
      const late = stored.repository.update({ id, customerId: 'alice' }, deadline, canceling);
      await expect(late).rejects.toMatchObject({ code: 'deadline-exceeded' });
      await nothingRuns();
    });
    expect(await findIn(stored.repository, { id, customerId: 'alice' })).toEqual(created.order);
  });
});

describe('PostgresOrdersRepository when its caller goes away', () => {
  it('rolls back when its caller has gone before COMMIT', async () => {
    const created = someNewOrder();
    await stored.repository.create([created], inTime());
    const caller = new AbortController();
    const update = stored.repository.update(
      { id: created.order.id, customerId: 'alice' },
      Deadline.withoutTimer(caller.signal, 60_000),
      (order) => {
        caller.abort();
        return canceling(order);
      },
    );
    await expect(update).rejects.toMatchObject({ code: 'deadline-exceeded' });
    expect(await findIn(stored.repository, created.order)).toEqual(created.order);
    expect(await stored.events()).toHaveLength(1);
  });

  it('starts no statement when its caller has gone while it waited for a connection', async () => {
    const runners = Array.from({ length: 10 }, () => stored.dataSource.createQueryRunner());
    await Promise.all(runners.map((runner) => runner.connect()));
    const caller = new AbortController();
    const late = stored.repository.create([someNewOrder()], Deadline.withoutTimer(caller.signal, 60_000));
    caller.abort();
    await Promise.all(runners.map((runner) => runner.release()));
    await expect(late).rejects.toMatchObject({ code: 'deadline-exceeded' });
    expect(await stored.ids()).toEqual([]);
  });
});
