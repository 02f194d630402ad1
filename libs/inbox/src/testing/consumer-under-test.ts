import { afterEach, beforeEach } from '@jest/globals';
import { recordingLog } from '@orders/messaging/testing';
import { createTestDatabase, type TestDatabase } from '@orders/postgres/testing';
import { Backoff } from '@orders/resilience';
import { z } from 'zod';
import { consumerMetrics } from '../consumer-metrics.js';
import { eventHandler } from '../event-handler.js';
import { InboxConsumer, type InboxConsumerOptions } from '../inbox-consumer.js';
import { INBOX_SCHEMA_V1 } from '../inbox-schema.js';

export interface ConsumerUnderTest {
  db: TestDatabase;
  /** Aborts at the end of the test: a consumer that still tries again would keep the process. */
  running: AbortSignal;
  /** Errors of the next calls of the handler that have an event below zero. */
  failures: unknown[];
  /** A consumer `reader` of `things.made` that gives an event up after three attempts. */
  consumer(overrides?: Partial<InboxConsumerOptions>): InboxConsumer;
  /** Ids of the events that took effect, in that order. */
  effects(): Promise<string[]>;
  deadLetters(): Promise<{ address: string; error: string; body: Buffer }[]>;
}

/** For each test a new database and a handler whose effect is a row without a key: only the inbox prevents duplicates. */
export function useConsumer(): ConsumerUnderTest {
  const under = { failures: [] as unknown[] } as ConsumerUnderTest;
  const made = eventHandler({
    contract: { type: 'things.made', schema: z.object({ n: z.number() }) },
    handle: async (tx, events) => {
      const failure = events.some(({ data }) => data.n < 0) ? under.failures.shift() : undefined;
      for (const { id } of events) await tx.query('INSERT INTO effect (event_id) VALUES ($1)', [id]);
      if (failure) throw failure;
    },
  });
  let stop = new AbortController();
  beforeEach(async () => {
    stop = new AbortController();
    const db = await createTestDatabase();
    await db.query(INBOX_SCHEMA_V1);
    await db.query('CREATE TABLE effect (n bigint GENERATED ALWAYS AS IDENTITY, event_id uuid NOT NULL)');
    Object.assign(under, { db, running: stop.signal, failures: [] });
  });
  afterEach(() => {
    stop.abort();
    return under.db[Symbol.asyncDispose]();
  });
  return Object.assign(under, {
    consumer: (overrides: Partial<InboxConsumerOptions> = {}) =>
      new InboxConsumer({
        name: 'reader',
        source: undefined as never,
        db: under.db,
        handlers: [made],
        logger: recordingLog(),
        metrics: consumerMetrics('reader'),
        maxAttempts: 3,
        backoff: new Backoff({ baseMs: 1, maxMs: 5 }),
        ...overrides,
      }),
    effects: async () =>
      (await under.db.query<{ event_id: string }[]>('SELECT event_id FROM effect ORDER BY n')).map(
        (row) => row.event_id,
      ),
    deadLetters: () =>
      under.db.query<Awaited<ReturnType<ConsumerUnderTest['deadLetters']>>>(
        'SELECT * FROM dead_letter ORDER BY id',
      ),
  });
}
