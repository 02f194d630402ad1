import { describe, expect, it } from '@jest/globals';
import { someEvent } from '@orders/messaging/testing';
import type { Queryable } from '@orders/postgres';
import { eventually } from '@orders/resilience/testing/eventually';
import { Client } from 'pg';
import { findHoldUp, type HoldUp } from './hold-up.js';
import { OutboxLog } from './outbox-log.js';
import { useRelay } from './testing/relay-under-test.js';

const under = useRelay();

/** Runs `work` while another program has a transaction open that has written. */
async function whileOpen(work: (pid: number) => Promise<void>): Promise<void> {
  const client = new Client({ connectionString: under.db.url, application_name: 'report' });
  await client.connect();
  try {
    await client.query('BEGIN; SELECT pg_current_xact_id()');
    const { rows } = await client.query<{ pid: number }>('SELECT pg_backend_pid() AS pid');
    await work(rows[0]!.pid);
  } finally {
    await client.end();
  }
}

/** On a shared server, a transaction of another test may be older for a moment. */
async function holdUpOf(pid: number, db: Queryable = under.db): Promise<HoldUp> {
  let found: HoldUp | undefined;
  await eventually('the transaction to be named', async () => (found = await findHoldUp(db, 0))?.pid === pid);
  return found!;
}

describe('an open transaction that holds the relay back', () => {
  it('is named with its session, and the entries behind it are counted', async () => {
    await whileOpen(async (pid) => {
      await OutboxLog.append(under.db, [someEvent(), someEvent()]);
      expect(await holdUpOf(pid)).toMatchObject({ application: 'report', state: 'idle in transaction' });
      expect(await under.cursor.stats()).toMatchObject({ pending: 2, heldBack: 2 });
    });
    await eventually('nothing to hold it back', async () => !(await findHoldUp(under.db, 0)));
  });

  it('is named to a role that may not see the sessions of others', async () => {
    await under.db.query(`
      CREATE ROLE test_onlooker_${process.pid};
      GRANT SELECT ON outbox, outbox_cursor TO test_onlooker_${process.pid}`);
    try {
      await whileOpen(async (pid) => {
        await OutboxLog.append(under.db, [someEvent()]);
        await under.db.transaction(async (tx) => {
          await tx.query(`SET LOCAL ROLE test_onlooker_${process.pid}`);
          expect(await holdUpOf(pid, tx)).toMatchObject({ application: 'report', state: null });
        });
      });
    } finally {
      await under.db.query(
        `DROP OWNED BY test_onlooker_${process.pid}; DROP ROLE test_onlooker_${process.pid}`,
      );
    }
  });

  it('is not reported before it has lasted', async () => {
    await whileOpen(async (pid) => {
      await OutboxLog.append(under.db, [someEvent()]);
      await holdUpOf(pid);
      expect(await findHoldUp(under.db, 60_000)).toBeUndefined();
    });
  });
});
