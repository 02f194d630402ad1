import { afterAll, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { type Message, toMessage } from '@orders/messaging';
import { newEventId } from '@orders/messaging/testing';
import { postgresOptions } from '@orders/postgres';
import { createMigratedDatabase, type TestDatabase } from '@orders/postgres/testing';
import { Progress, Secret } from '@orders/service';
import { randomUUID } from 'node:crypto';
import { DataSource } from 'typeorm';
import { z } from 'zod';
import { deadLetters } from './dead-letter-command.js';
import { selectDeadLetters } from './dead-letter-reads.js';
import { DeadLetters } from './dead-letters.js';
import { eventHandler } from './event-handler.js';
import { InboxHandlers } from './inbox-handlers.js';
import { INBOX_SCHEMA_V1 } from './inbox-schema.js';

let db: TestDatabase;
let dataSource: DataSource;
let printed: string[];

beforeAll(async () => {
  ({ db, dataSource } = await createMigratedDatabase(
    (url) => new DataSource(postgresOptions({ url: new Secret(url), poolMax: 1, applicationName: 'test' })),
  ));
  await db.query(INBOX_SCHEMA_V1);
  await db.query('CREATE TABLE effect (event_id uuid PRIMARY KEY)');
});
afterAll(() => db[Symbol.asyncDispose]());
beforeEach(async () => {
  await db.query('TRUNCATE effect, inbox, dead_letter, dead_letter_audit');
  printed = [];
});

const ordersCreated = {
  type: 'orders.created',
  dataschema: 'urn:schema:orders.created:v1',
  schema: z.object({
    id: z.uuid(),
    items: z.array(z.object({ sku: z.string(), quantity: z.int().positive() })),
    totalCents: z.int().nonnegative(),
  }),
};

/** Its effect violates a key when it is applied twice. */
const planned = eventHandler({
  contract: ordersCreated,
  handle: async (tx, events) => {
    for (const { id } of events) await tx.query('INSERT INTO effect VALUES ($1)', [id]);
  },
});

/** Runs the command as an operator does, with TypeORM and one connection. */
function run(...args: string[]): Promise<number> {
  return deadLetters(args, {
    db: dataSource,
    consumers: new Map([['fulfillment', new InboxHandlers('fulfillment', [planned])]]),
    print: (line) => void printed.push(line),
    progress: new Progress({ write: () => true, isTTY: false }),
    signal: new AbortController().signal,
    operator: 'alice@desk',
  });
}

function created(overrides: object = {}): Message {
  const data = {
    id: newEventId(),
    customerId: 'alice',
    items: [{ sku: 'apple', quantity: 3, priceCents: 250 }],
    totalCents: 750,
    status: 'CREATED',
    createdAt: '2026-01-02T03:04:05.678Z',
    version: 1,
    ...overrides,
  };
  const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
  const context = {
    ...ordersCreated,
    id: newEventId(),
    source: 's',
    subject: data.id,
    sequence: 1,
    traceparent,
  };
  return toMessage({ ...context, time: new Date(), correlationId: 'request-7' }, data);
}

async function addDeadLetter(message: Message, error = new Error('a bug')): Promise<string> {
  const delivery = {
    message,
    address: `ORDERS/${randomUUID()}`,
    attempt: 5,
    ack() {},
    nak() {},
    working() {},
  };
  await new DeadLetters('fulfillment').add(db, delivery, error);
  return (await selectDeadLetters(db, {})).at(-1)!;
}
const effects = async () => (await db.query<{ n: number }[]>('SELECT count(*)::int AS n FROM effect'))[0]?.n;

describe('dlq', () => {
  it('lists the waiting dead letters, and says when there are none', async () => {
    expect(await run('list')).toBe(0);
    expect(printed).toEqual(['no dead letters are waiting']);
    await addDeadLetter(created());
    await addDeadLetter(created());
    await run('list');
    expect(printed[1]).toBe('2 × fulfillment  urn:schema:orders.created:v1  Error: a bug');
  });

  it('shows the payload, the violations of the schema, and the trace', async () => {
    const id = await addDeadLetter(
      created({ totalCents: 'many', items: [{ sku: 'pear', quantity: 0, priceCents: 1 }] }),
    );
    await run('show', id);
    const text = printed.join('\n');
    expect(text).toMatch(/schema now {3}\/items\/0\/quantity: /);
    expect(text).toMatch(/schema now {3}\/totalCents: /);
    expect(text).toContain('0af7651916cd43dd8448eb211c80319c');
    expect(text).toContain('"sku": "pear"');
  });

  it('redrives nothing in a dry run, then once', async () => {
    const id = await addDeadLetter(created());
    expect(await run('redrive', '--dry-run', '--all')).toBe(0);
    expect(await effects()).toBe(0);
    expect(printed.at(-1)).toMatch(/^dry run, nothing changed: 1 dead letters: 1 applied/);
    expect(await run('redrive', id)).toBe(0);
    expect(await run('redrive', id)).toBe(0);
    expect(await effects()).toBe(1);
    await run('show', id);
    expect(printed.join('\n')).toMatch(/alice@desk {2}redrive: applied/);
  });

  it('continues after a dead letter that fails again, prints its id, and exits with 1', async () => {
    const bad = await addDeadLetter(created({ totalCents: -1 }));
    await addDeadLetter(created());
    expect(await run('redrive', '--consumer', 'fulfillment')).toBe(1);
    expect(printed[0]).toMatch(new RegExp(`^${bad}: ZodError: /totalCents: `));
    expect(await effects()).toBe(1);
    expect(await selectDeadLetters(db, {})).toEqual([bad]);
  });

  it('redrives 10 a second at --rate 10', async () => {
    for (let n = 0; n < 4; n += 1) await addDeadLetter(created());
    const tick = setTimeout;
    jest.useFakeTimers({ doNotFake: ['setImmediate', 'nextTick', 'queueMicrotask', 'setInterval'] });
    const startedAt = performance.now();
    let done = false;
    const redriven = run('redrive', '--all', '--rate', '10').finally(() => (done = true));
    // Advances slowly enough for the database, whose driver waits by the same clock.
    for (; !done; await new Promise((resolve) => tick(resolve, 1))) jest.advanceTimersByTime(1);
    const passedMs = performance.now() - startedAt;
    jest.useRealTimers();
    await redriven;
    expect(passedMs).toBeGreaterThanOrEqual(3 * 100);
  });

  it('discards only with a reason', async () => {
    const id = await addDeadLetter(created());
    await expect(run('discard', id)).rejects.toMatchObject({ exitCode: 2 });
    expect(await run('discard', id, '--reason', 'a test order')).toBe(0);
    await expect(run('discard', id, '--reason', 'again')).rejects.toMatchObject({ exitCode: 1 });
    expect(await run('redrive', '--all')).toBe(0);
    expect(await effects()).toBe(0);
  });

  it.each(['show', 'redrive'])('%s of an unknown id prints the id, with exit code 1', async (action) => {
    const unknown = { exitCode: 1, message: expect.stringMatching(/^no dead letter 77\b/) };
    await expect(run(action, '77')).rejects.toMatchObject(unknown);
    expect(printed).toEqual([]);
  });

  it.each([
    ['no action', []],
    ['an unknown action', ['drop']],
    ['redrive without a selection', ['redrive']],
    ['an invalid id', ['show', 'x']],
    ['an invalid rate', ['redrive', '--all', '--rate', '0']],
    ['an infinite rate', ['redrive', '--all', '--rate', 'Infinity']],
    ['an unknown option', ['list', '--al']],
  ])('refuses %s with exit code 2', async (_name, args) => {
    await expect(run(...args)).rejects.toMatchObject({ exitCode: 2 });
  });
});
