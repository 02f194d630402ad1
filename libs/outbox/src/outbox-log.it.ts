import { describe, expect, it } from '@jest/globals';
import { createTestDatabase } from '@orders/postgres/testing';
import { OUTBOX_SCHEMA_V1, OUTBOX_SCHEMA_V3 } from './outbox-schema.js';
import { testOutboxConformance } from './testing/outbox-conformance.js';
import { append, useRelay } from './testing/relay-under-test.js';

testOutboxConformance('Postgres', async () => {
  const database = await createTestDatabase();
  await database.query(OUTBOX_SCHEMA_V1 + OUTBOX_SCHEMA_V3);
  return {
    db: database,
    pass: async (ms) => {
      await database.query(`UPDATE outbox_cursor SET lease_until = lease_until - interval '${ms} ms'`);
      await database.query(`UPDATE outbox_checkpoint SET noted_at = noted_at - interval '${ms} ms'`);
    },
    close: () => database[Symbol.asyncDispose](),
  };
});

describe('OutboxLog on Postgres only', () => {
  const under = useRelay();

  it('reads in the order of numbers, not of their texts: 9 before 10, or a cursor would skip the rest', async () => {
    await under.db.query('ALTER SEQUENCE outbox_position RESTART WITH 8');
    const ids = await append(under, 5);
    const { entries } = await under.log.read({ tx: '0', position: '0' }, 10);
    expect(entries.map(({ position }) => position)).toEqual(['8', '9', '10', '11', '12']);
    expect(entries.map(({ message }) => message.id)).toEqual(ids);
  });

  it('counts the unpublished entries and returns the age of the oldest', async () => {
    const { db, cursor } = under;
    expect(await cursor.stats()).toEqual({ pending: 0, oldestAgeSeconds: 0, heldBack: 0 });
    await append(under, 3);
    await db.query(`UPDATE outbox SET recorded_at = recorded_at - interval '90 s'`);
    const stats = await cursor.stats();
    expect(stats.pending).toBe(3);
    expect(stats.oldestAgeSeconds).toBeGreaterThanOrEqual(90);
    expect(stats.oldestAgeSeconds).toBeLessThan(120);
  });
});
