import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Delivery, EventSource } from '@orders/messaging';
import type { Queryable } from '@orders/postgres';
import {
  type ModelConnection,
  enterSimulation,
  keepsItsPromises,
  leaveSimulation,
} from '@orders/postgres/testing';
import fc from 'fast-check';
import { CONSUMER_COMMANDS, type ConsumerParts, ConsumerWorld } from './testing/consumer-world.js';

/** Runs the inserts into the inbox by `accept` instead of the consumer's transaction. */
const withInbox =
  (accept: (db: ModelConnection, sql: string, parameters: unknown[]) => Promise<unknown>) =>
  (db: ModelConnection) => ({
    transaction: <T>(work: (tx: Queryable) => Promise<T>) =>
      db.transaction((tx) =>
        work({
          query: <Rows>(sql: string, parameters: unknown[] = []) =>
            sql.includes('INSERT INTO inbox')
              ? (accept(db, sql, parameters) as Promise<Rows>)
              : tx.query<Rows>(sql, parameters),
        }),
      ),
  });

/** Acks a batch before it delivers it. */
function ackedEarly(source: EventSource): EventSource {
  return {
    lag: () => source.lag(),
    async *batches(max, signal) {
      for await (const batch of source.batches(max, signal)) {
        batch.forEach((delivery: Delivery) => delivery.ack());
        yield batch;
      }
    },
  };
}

const BROKEN: { name: string; parts: ConsumerParts }[] = [
  { name: 'acks before the transaction', parts: { source: ackedEarly } },
  {
    name: 'no inbox',
    parts: { db: withInbox(async (_db, _sql, [, ids]) => (ids as string[]).map((id) => ({ id }))) },
  },
  {
    name: 'the inbox in a transaction of its own',
    parts: { db: withInbox((db, sql, parameters) => db.query(sql, parameters)) },
  },
];

const apply = (parts?: ConsumerParts) =>
  keepsItsPromises((scheduler) => new ConsumerWorld(scheduler, parts), CONSUMER_COMMANDS);

describe('two consumers, under any faults in any order,', () => {
  beforeAll(enterSimulation);
  afterAll(leaveSimulation);

  it('apply every event once or store it as a dead letter, and ack it after that', async () => {
    await fc.assert(apply(), { numRuns: 3_000 });
  }, 60_000);

  it.each(BROKEN)(
    'fail the test with $name',
    async ({ parts }) => {
      const { failed } = await fc.check(apply(parts), { numRuns: 3_000, endOnFailure: true });
      expect(failed).toBe(true);
    },
    60_000,
  );
});
