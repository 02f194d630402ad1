import { beforeEach, describe, expect, it } from '@jest/globals';
import type { Queryable } from '@orders/postgres';
import { append, relayOf, useRelay } from './testing/relay-under-test.js';

const under = useRelay();
const DAY_MS = 24 * 3_600_000;

/** Names of the partitions of days, oldest first. */
async function days(): Promise<string[]> {
  const rows = await under.db.query<{ name: string }[]>(
    `SELECT inhrelid::regclass::text AS name FROM pg_inherits WHERE inhparent = 'outbox'::regclass ORDER BY name`,
  );
  return rows.map(({ name }) => name).filter((name) => /^outbox_\d+$/.test(name));
}

const addDay = (day: string) =>
  under.db.query(`CREATE TABLE outbox_${day.replaceAll('-', '')} PARTITION OF outbox
    FOR VALUES FROM ('${day} 00:00:00+00') TO ('${day} 24:00:00+00')`);

/** Runs `work` while a transaction, such as a dump, reads a table. */
async function whileReading(table: string, work: () => Promise<void>): Promise<void> {
  await under.db.transaction(async (dump: Queryable) => {
    await dump.query(`SELECT FROM ${table}`);
    await work();
  });
}

const rowsIn = async (table: string) =>
  (await under.db.query<[{ count: number }]>(`SELECT count(*)::int FROM ${table}`))[0].count;

let today: string[];
beforeEach(async () => void (today = await days()));

describe('partitions of old days', () => {
  it('are dropped once they are read', async () => {
    await addDay('2020-01-01');
    await addDay('2020-01-02');
    await append(under);
    await under.db.query(`UPDATE outbox SET recorded_at = '2020-01-02 12:00:00+00'`);
    await under.log.maintain(DAY_MS);
    expect(await days()).toEqual(['outbox_20200102', ...today]);
    await relayOf(under, 'a').step();
    await under.log.maintain(DAY_MS);
    expect(await days()).toEqual(today);
  });

  it('that a dump reads do not keep the next day from being made; they are dropped later', async () => {
    const next = today.at(-1)!;
    await addDay('2020-01-01');
    await under.db.query(`DROP TABLE ${next}`);
    await whileReading('outbox_20200101', async () => {
      expect(await under.log.maintain(DAY_MS)).toEqual([]);
      expect(await days()).toEqual(['outbox_20200101', ...today]);
    });
    await under.log.maintain(DAY_MS);
    expect(await days()).toEqual(today);
  });

  it('are kept while the cursor is missing', async () => {
    await addDay('2020-01-01');
    await under.db.query(`DELETE FROM outbox_cursor; INSERT INTO outbox
      (event_id, subject, headers, body, recorded_at) VALUES (gen_random_uuid(), 's', '{}', '{}', '2020-01-01 12:00:00+00')`);
    await under.log.maintain(DAY_MS);
    expect(await days()).toEqual(['outbox_20200101', ...today]);
  });
});

describe('the default partition', () => {
  it('that a dump reads delays the next day, which is named, and holds back no append', async () => {
    const next = today.at(-1)!;
    await addDay('2020-01-01');
    await under.db.query(`DROP TABLE ${next}`);
    await whileReading('outbox_default', async () => {
      const [, year, month, day] = /(\d{4})(\d\d)(\d\d)/.exec(next)!;
      expect(await under.log.maintain(DAY_MS)).toEqual([`${year}-${month}-${day}`]);
      expect(await days()).toEqual(['outbox_20200101', ...today.slice(0, -1)]);
      await append(under);
    });
    expect(await under.log.maintain(DAY_MS)).toEqual([]);
    expect(await days()).toEqual(today);
  });

  it('is emptied once all its rows are read and old, although it had rows of a day', async () => {
    await under.db.query(`DROP TABLE ${today[0]}`);
    await append(under, 2);
    await under.log.maintain(DAY_MS);
    expect(await rowsIn('outbox_default')).toBe(2);
    await relayOf(under, 'a').step();
    await under.db.query(`UPDATE outbox_default SET recorded_at = now() - interval '12 h'`);
    await under.log.maintain(DAY_MS);
    expect(await rowsIn('outbox_default')).toBe(2);
    await under.db.query(`UPDATE outbox_default SET recorded_at = '2020-01-01'`);
    await under.log.maintain(DAY_MS);
    expect(await rowsIn('outbox_default')).toBe(0);
    expect(await days()).toEqual(today);
  });

  it('keeps rows that are old and not published', async () => {
    await append(under);
    await under.db.query(`UPDATE outbox SET recorded_at = '2020-01-01'`);
    await under.log.maintain(DAY_MS);
    expect(await rowsIn('outbox_default')).toBe(1);
  });
});
