import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { createMigratedDatabase, eventually, type TestDatabase } from '@orders/messaging/testing';
import { Deadline } from '@orders/resilience';
import { FaultProxy } from '@orders/resilience/testing';
import { assertDurable, Secret } from '@orders/service';
import type { DataSource } from 'typeorm';
import { ordersDataSource } from '../database/data-source.js';
import { canceling, inTime, someNewOrder } from '../testing/fixtures.js';
import { itKeepsOrders } from '../testing/orders-repository.conformance.js';
import { PostgresOrdersRepository } from './postgres-orders.repository.js';

let db: TestDatabase;
let dataSource: DataSource;
let repository: PostgresOrdersRepository;
/** How often the repository has told of appends. */
let appended = 0;

beforeAll(async () => {
  ({ db, dataSource } = await createMigratedDatabase((url) =>
    ordersDataSource({ url: new Secret(url), poolMax: 10, applicationName: 'test' }),
  ));
  repository = new PostgresOrdersRepository(dataSource, () => (appended += 1));
});
afterAll(() => db[Symbol.asyncDispose]());
beforeEach(() => db.query('TRUNCATE orders, outbox'));

const events = async () =>
  (
    await db.query<{ event: string }[]>(`
      SELECT concat_ws(' ', headers->>'ce-type', headers->>'ce-subject', (headers->>'ce-sequence')::int) AS event
      FROM outbox ORDER BY tx, position`)
  ).map(({ event }) => event);

itKeepsOrders('PostgresOrdersRepository', () => Promise.resolve({ repository, events }));

describe('PostgresOrdersRepository', () => {
  it('stores neither order nor event when one of a batch breaks a rule of the table', async () => {
    const bad = someNewOrder();
    const tooMuch = { ...bad, order: { ...bad.order, totalCents: -1 } };
    await expect(repository.create([someNewOrder(), tooMuch], inTime())).rejects.toThrow('total_cents');
    expect(await db.query('SELECT id FROM orders')).toEqual([]);
    expect(await events()).toEqual([]);
  });

  it('stores text as it is, and nothing at all when one has the character that separates rows', async () => {
    const odd = ['{"a", \\b}', "'NULL", '$1 ü😀'].map((customerId) => someNewOrder({ customerId }));
    await repository.create(odd, inTime());
    const found = odd.map(({ order }) => repository.find(order, inTime()));
    expect(await Promise.all(found)).toEqual(odd.map(({ order }) => order));
    const bad = someNewOrder();
    const split = { ...bad, order: { ...bad.order, customerId: 'a\x1fb' } };
    await expect(repository.create([someNewOrder(), split], inTime())).rejects.toThrow('null value');
    await expect(repository.create([split, someNewOrder()], inTime())).rejects.toThrow('null value');
    expect(await events()).toHaveLength(odd.length);
  });

  it('tells of what it has appended once it is committed, and of nothing else', async () => {
    appended = 0;
    const created = someNewOrder({ key: 'k' });
    await repository.create([created, someNewOrder()], inTime());
    expect(appended).toBe(1);
    await repository.create([someNewOrder({ key: 'k' })], inTime());
    await expect(repository.create([someNewOrder()], Deadline.after(0))).rejects.toThrow();
    expect(appended).toBe(1);
    await repository.update({ id: created.order.id, customerId: 'alice' }, inTime(), canceling);
    expect(appended).toBe(2);
  });

  it('says that a key is in use when another transaction holds it for too long', async () => {
    const first = someNewOrder({ key: 'k' });
    await db.transaction(async (tx) => {
      await tx.query(`INSERT INTO orders SELECT $1, 'alice', 'k', '', '[]', 0, 'CREATED', 1, now()`, [
        first.order.id,
      ]);
      await expect(repository.create([someNewOrder({ key: 'k' })], inTime())).rejects.toMatchObject({
        code: 'idempotency-key-in-use',
      });
    });
  });

  it('says that it is unavailable when its connections are cut, and works again by itself', async () => {
    await db.query(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity
      WHERE application_name = 'test' AND datname = current_database()`);
    const outcomes = await Promise.allSettled(
      [1, 2, 3].map(() => repository.create([someNewOrder()], inTime())),
    );
    for (const outcome of outcomes) {
      if (outcome.status === 'rejected') expect(outcome.reason).toMatchObject({ code: 'unavailable' });
    }
    await eventually('the pool has noticed', () =>
      repository.create([someNewOrder()], inTime()).then(
        () => true,
        () => false,
      ),
    );
  });

  describe('while another session holds what it needs', () => {
    const running = () =>
      db.query<object[]>(`SELECT query FROM pg_stat_activity
        WHERE application_name = 'test' AND datname = current_database() AND state <> 'idle'`);
    const nothingRuns = () => eventually('its end', async () => (await running()).length === 0);
    const stored = () => db.query('SELECT id FROM orders');
    /** Not by a limit of its own, which would come later. */
    const CANCELLED = {
      code: 'deadline-exceeded',
      cause: { message: 'canceling statement due to user request' },
    };
    /** Runs `meanwhile` while a transaction, rolled back in the end, holds alice's key k. */
    const whileHeld = (meanwhile: () => Promise<void>) =>
      db
        .transaction(async (tx) => {
          await tx.query(`INSERT INTO orders SELECT $1, 'alice', 'k', '', '[]', 0, 'CREATED', 1, now()`, [
            someNewOrder().order.id,
          ]);
          await meanwhile();
          throw new Error('rolled back');
        })
        .catch((error: Error) => expect(error.message).toBe('rolled back'));

    it('nothing runs on after the deadline, nothing is stored, and a repeat makes exactly one order', async () => {
      await whileHeld(async () => {
        // Kept by nobody: Postgres alone ends the statement.
        const deadline = Deadline.keptBy(new AbortController().signal, 300);
        await expect(repository.create([someNewOrder({ key: 'k' })], deadline)).rejects.toMatchObject({
          code: 'deadline-exceeded',
          cause: { message: 'canceling statement due to statement timeout' },
        });
        await nothingRuns();
      });
      expect(await stored()).toEqual([]);
      for (const existed of [false, true]) {
        const repeated = await repository.create([someNewOrder({ key: 'k' })], inTime());
        expect(repeated).toMatchObject([{ existed }]);
      }
      expect(await events()).toHaveLength(1);
    });

    it('what the caller has cancelled ends at once, and its connection serves others', async () => {
      const pids = "SELECT pid FROM pg_stat_activity WHERE application_name = 'test' ORDER BY pid";
      await whileHeld(async () => {
        for (const leftMs of [2_000, 60_000]) {
          const caller = new AbortController();
          const call = repository.create(
            [someNewOrder({ key: 'k' })],
            Deadline.keptBy(caller.signal, leftMs),
          );
          await eventually('it waits for the lock', async () => (await running()).length > 0);
          const before = await db.query<object[]>(pids);
          caller.abort();
          await expect(call).rejects.toMatchObject(CANCELLED);
          await nothingRuns();
          expect(await db.query(pids)).toEqual(expect.arrayContaining(before));
        }
      });
      expect(await stored()).toEqual([]);
    });

    it('a read that nobody waits for any more ends at once', async () => {
      await db.transaction(async (tx) => {
        await tx.query('LOCK TABLE orders IN ACCESS EXCLUSIVE MODE');
        const { order } = someNewOrder();
        const query = { customerId: 'alice', limit: 10, before: undefined };
        for (const read of [
          (deadline: Deadline) => repository.find(order, deadline),
          (deadline: Deadline) => repository.list(query, deadline),
        ]) {
          const caller = new AbortController();
          const call = read(Deadline.keptBy(caller.signal, 60_000));
          await eventually('it waits for the lock', async () => (await running()).length > 0);
          caller.abort();
          await expect(call).rejects.toMatchObject(CANCELLED);
          await nothingRuns();
        }
      });
    });

    it('a cancel is not saved after its deadline', async () => {
      const created = someNewOrder();
      await repository.create([created], inTime());
      const { id } = created.order;
      await db.transaction(async (tx) => {
        await tx.query('SELECT id FROM orders WHERE id = $1 FOR UPDATE', [id]);
        const deadline = Deadline.keptBy(new AbortController().signal, 300);
        const late = repository.update({ id, customerId: 'alice' }, deadline, canceling);
        await expect(late).rejects.toMatchObject({ code: 'deadline-exceeded' });
        await nothingRuns();
      });
      expect(await repository.find({ id, customerId: 'alice' }, inTime())).toEqual(created.order);
    });
  });

  it('rolls back what was done when the caller went away before COMMIT', async () => {
    const created = someNewOrder();
    await repository.create([created], inTime());
    const caller = new AbortController();
    const update = repository.update(
      { id: created.order.id, customerId: 'alice' },
      Deadline.keptBy(caller.signal, 60_000),
      (order) => {
        caller.abort();
        return canceling(order);
      },
    );
    await expect(update).rejects.toMatchObject({ code: 'deadline-exceeded' });
    expect(await repository.find(created.order, inTime())).toEqual(created.order);
    expect(await events()).toHaveLength(1);
  });

  it('begins nothing when the caller went away while it waited for a connection', async () => {
    const runners = Array.from({ length: 10 }, () => dataSource.createQueryRunner());
    await Promise.all(runners.map((runner) => runner.connect()));
    const caller = new AbortController();
    const late = repository.create([someNewOrder()], Deadline.keptBy(caller.signal, 60_000));
    caller.abort();
    await Promise.all(runners.map((runner) => runner.release()));
    await expect(late).rejects.toMatchObject({ code: 'deadline-exceeded' });
    expect(await db.query('SELECT id FROM orders')).toEqual([]);
  });

  it('is not poisoned by a black hole: gives up a silent server, works again as soon as it can be reached', async () => {
    const url = new URL(db.url);
    const edge = await FaultProxy.listen('postgres', Number(url.port));
    url.port = String(edge.port);
    const behind = ordersDataSource({ url: new Secret(url.href), poolMax: 2, applicationName: 'behind' });
    await behind.initialize();
    const through = new PostgresOrdersRepository(behind, () => undefined);
    await through.create([someNewOrder()], inTime());
    edge.set({ kind: 'blackhole' });
    const outcomes = await Promise.allSettled([1, 2].map(() => through.create([someNewOrder()], inTime())));
    expect(outcomes.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    edge.clear();
    await through.create([someNewOrder()], inTime());
    await behind.destroy();
    await edge.close();
  }, 20_000);

  it('outlives the end of a connection that is lent out and idle', async () => {
    const runner = dataSource.createQueryRunner();
    const { processID } = (await runner.connect()) as { processID: number };
    await db.query('SELECT pg_terminate_backend($1)', [processID]);
    await eventually('the connection is known to be gone', () =>
      runner.query('SELECT 1').then(
        () => false,
        () => true,
      ),
    );
    await runner.release();
    await eventually('the pool has noticed', () =>
      repository.create([someNewOrder()], inTime()).then(
        () => true,
        () => false,
      ),
    );
  });

  it('does not wait for a connection until the deadline: an exhausted pool is 503', async () => {
    const small = ordersDataSource({ url: new Secret(db.url), poolMax: 1, applicationName: 'small' });
    await small.initialize();
    const runner = small.createQueryRunner();
    await runner.connect();
    const repositoryOfOne = new PostgresOrdersRepository(small, () => undefined);
    const late = repositoryOfOne.create([someNewOrder()], inTime());
    await expect(late).rejects.toMatchObject({ code: 'unavailable' });
    await runner.release();
    await repositoryOfOne.create([someNewOrder()], inTime());
    await small.destroy();
  });

  it('refuses before the deadline while the table is locked, and works when it is not', async () => {
    await db.transaction(async (tx) => {
      await tx.query('LOCK TABLE orders IN ACCESS EXCLUSIVE MODE');
      const codes = Array.from({ length: 15 }, () =>
        repository.create([someNewOrder()], inTime()).catch(({ code }: { code: unknown }) => code),
      );
      for (const code of await Promise.all(codes))
        expect(code).toMatch(/^(unavailable|idempotency-key-in-use)$/);
    });
    await repository.create([someNewOrder()], inTime());
  });

  it('says that it is unavailable when another transaction holds what is to be cancelled', async () => {
    const { order } = someNewOrder();
    await repository.create([{ ...someNewOrder(), order }], inTime());
    await db.transaction(async (tx) => {
      await tx.query('SELECT id FROM orders WHERE id = $1 FOR UPDATE', [order.id]);
      const cancelled = repository.update(order, inTime(), canceling);
      await expect(cancelled).rejects.toMatchObject({ code: 'unavailable' });
    });
  });

  it('is not run on a server that may lose what it has acknowledged', async () => {
    await expect(assertDurable(dataSource)).resolves.toBeUndefined();
    const name = new URL(db.url).pathname.slice(1);
    await db.query(`ALTER DATABASE ${name} SET synchronous_commit = off`);
    const unsafe = ordersDataSource({ url: new Secret(db.url), poolMax: 1, applicationName: 'unsafe' });
    await unsafe.initialize();
    await expect(assertDurable(unsafe)).rejects.toThrow('synchronous_commit');
    await unsafe.destroy();
    await db.query(`ALTER DATABASE ${name} RESET synchronous_commit`);
  });

  it('has a limit for every wait at the server', async () => {
    const limits = await dataSource.query<{ name: string; setting: string }[]>(
      `SELECT name, setting FROM pg_settings WHERE name LIKE '%\\_timeout' AND setting <> '0'`,
    );
    expect(Object.fromEntries(limits.map(({ name, setting }) => [name, setting]))).toMatchObject({
      statement_timeout: '3000',
      lock_timeout: '1000',
      idle_in_transaction_session_timeout: '5000',
    });
  });

  it('has a schema that its migrations make whole: the entities ask for nothing more', async () => {
    const { upQueries } = await dataSource.driver.createSchemaBuilder().log();
    const wanted = upQueries.map(({ query }) => query).filter((query) => query.includes('ADD'));
    expect(wanted.filter((query) => query.includes(' COLUMN ') || /ADD "/.test(query))).toEqual([]);
  });
});
