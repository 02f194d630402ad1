import { describe, expect, it } from '@jest/globals';
import { someEvent } from '@orders/messaging/testing';
import { createTestRole } from '@orders/postgres/testing';
import { eventually } from '@orders/resilience/testing/eventually';
import { Pool } from 'pg';
import { OutboxCursor } from './outbox-cursor.js';
import { OutboxLog } from './outbox-log.js';
import { RELAY_RIGHTS } from './outbox-rights.js';
import { append, relayOf, type RelayUnderTest, useRelay } from './testing/relay-under-test.js';

// tools/e2e/src/copies.e2e.ts makes real copies. Here transaction ids are changed to what a copy has.

const under = useRelay();

/** A transaction id that this server has not given out, and will not during a test. */
const FAR = '999999999999';

/** Makes the log of this cluster one that was restored from another. Without `cursor`, it is the target's own. */
async function copyLog(cursor?: string): Promise<void> {
  await under.db.query(`UPDATE outbox SET tx = '${FAR}'`);
  if (cursor) await under.db.query(`UPDATE outbox_cursor SET tx = '${cursor}', position = 99`);
}

/** Lets a relay work until `count` more events are published. Returns their ids. */
async function published(count: number, { log, cursor }: RelayUnderTest = under): Promise<string[]> {
  const { published } = under.publisher;
  const before = published.length;
  const relay = relayOf({ ...under, log, cursor }, 'copy');
  await eventually(`${count} events`, async () => {
    await relay.step();
    return published.length >= before + count;
  });
  expect(await relay.step()).toBe(0);
  return published.slice(before);
}

/** Appends events, and publishes them by a relay that then ends. Returns their ids. */
async function publishedBefore(count: number): Promise<string[]> {
  const ids = await append(under, count);
  await relayOf(under, 'origin').step();
  await under.cursor.release('origin');
  return ids;
}

/** The outbox as the role of a relay sees it, which may not update the log. */
async function leastPrivileged(): Promise<RelayUnderTest & AsyncDisposable> {
  const role = await createTestRole(under.db, RELAY_RIGHTS);
  const pool = new Pool({ connectionString: role.url, max: 2 });
  const query = async <Rows>(sql: string, parameters?: unknown[]) =>
    (await pool.query(sql, parameters)).rows as Rows;
  const dispose = async () => {
    await pool.end();
    await role[Symbol.asyncDispose]();
  };
  const db = { ...under.db, query };
  return {
    ...under,
    ...{ db, log: new OutboxLog(db), cursor: new OutboxCursor(db) },
    [Symbol.asyncDispose]: dispose,
  };
}

describe('the log of a copy', () => {
  it('with ids that this server has not given out is published again, in its order', async () => {
    const ids = await publishedBefore(3);
    const [added] = await append(under);
    await copyLog(FAR);
    expect(await published(4)).toEqual([...ids, added]);
  });

  it('with ids below those of this server is not published again, whatever identifies the server', async () => {
    await publishedBefore(3);
    await under.db.query(`UPDATE outbox_cursor SET system_identifier = '1'`);
    const [added] = await append(under);
    expect(await published(1)).toEqual([added]);
  });

  it('is published again when it came by logical replication, and the cursor is one of the target itself', async () => {
    const ids = await append(under, 3);
    await copyLog();
    expect(await published(3)).toEqual(ids);
  });

  it('is published when the copy lacks the cursor', async () => {
    const ids = await append(under, 3);
    await under.db.query('DELETE FROM outbox_cursor');
    await under.log.maintain(60_000);
    expect(await published(3)).toEqual(ids);
  });

  it('gives new entries later positions, also when the sequence of the copy has started anew', async () => {
    const ids = await publishedBefore(3);
    await copyLog(FAR);
    await under.db.query('ALTER SEQUENCE outbox_position RESTART');
    expect(await published(3)).toEqual(ids);
    await append(under);
    const [row] = await under.db.query<unknown[]>('SELECT max(position)::int AS last FROM outbox');
    expect(row).toEqual({ last: 4 });
  });

  it('is rebased for a role that may not update it', async () => {
    await using role = await leastPrivileged();
    const ids = await publishedBefore(3);
    await copyLog(FAR);
    expect(await published(3, role)).toEqual(ids);
  });

  it('is rebased although a publication sends updates, also what the default partition has', async () => {
    const ids = await publishedBefore(2);
    await under.db.query(`UPDATE outbox SET recorded_at = '2020-01-02' WHERE event_id = '${ids[0]}'`);
    await copyLog(FAR);
    await under.db.query('CREATE PUBLICATION everything FOR ALL TABLES');
    expect(await published(2)).toEqual(ids);
  });
});

describe('while the log of a copy cannot be rebased', () => {
  const failing = async () => {
    const ids = await publishedBefore(2);
    await under.db.query('ALTER FUNCTION outbox_rebase RENAME TO hidden');
    await copyLog(FAR);
    const added = someEvent();
    await OutboxLog.append(under.db, [added]);
    return [...ids, added.id];
  };

  it('the relay tells what to do, and all events count as pending', async () => {
    await failing();
    await expect(relayOf(under, 'copy').step()).rejects.toThrow(/cannot be rebased: see docs\/runbooks/);
    expect(await under.cursor.stats()).toMatchObject({ pending: 3 });
  });

  it('the cursor passes no entry, also when the ids of the server reach those of the copy meanwhile', async () => {
    const ids = await failing();
    await expect(relayOf(under, 'copy').step()).rejects.toThrow('cannot be rebased');
    // As if 999,999,999,999 transactions had gone by.
    await under.db.query(`UPDATE outbox SET tx = '5' WHERE tx = '${FAR}'`);
    expect(await published(3)).toEqual(ids);
  });
});
