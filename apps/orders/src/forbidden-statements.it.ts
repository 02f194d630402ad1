import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  createTestRoles,
  forbiddenStatements,
  type RoleKind,
  type TestRoles,
} from '@orders/postgres/testing';
import { Client } from 'pg';
import { roles } from './app.js';
import { StoredOrders } from './testing/stored-orders.js';

let stored: StoredOrders;
let granted: TestRoles;
beforeAll(async () => {
  stored = await StoredOrders.open();
  granted = await createTestRoles(stored.db, roles);
});
afterAll(async () => {
  await granted[Symbol.asyncDispose]();
  await stored[Symbol.asyncDispose]();
});

/** What every role is refused, and what its own rights leave out. */
const FORBIDDEN: Record<RoleKind, { foreignTable: string; own: string[] }> = {
  app: {
    foreignTable: 'outbox_cursor',
    own: [
      `UPDATE orders SET customer_id = 'mallory'`,
      'UPDATE orders SET total_cents = 0',
      'SELECT FROM outbox',
      'UPDATE outbox SET body = NULL',
      `SELECT outbox_maintain('1 day')`,
      'SELECT outbox_rebase()',
      `SELECT setval('outbox_position', 1)`,
    ],
  },
  relay: {
    foreignTable: 'orders',
    own: [
      `INSERT INTO outbox (event_id, subject, headers, body) VALUES (gen_random_uuid(), 's', '{}', '')`,
      'UPDATE outbox SET body = NULL',
      'DELETE FROM outbox',
      'DELETE FROM outbox_cursor',
      `SELECT nextval('outbox_position')`,
      'SELECT FROM outbox_default',
    ],
  },
  operator: {
    foreignTable: 'orders',
    own: ['UPDATE outbox_cursor SET position = 0', 'SELECT outbox_rebase()', 'SELECT FROM outbox_checkpoint'],
  },
  readonly: {
    foreignTable: 'outbox_default',
    own: [
      `UPDATE orders SET status = 'CANCELED'`,
      'SELECT FROM orders FOR UPDATE',
      'UPDATE outbox_cursor SET position = 0',
      `SELECT outbox_maintain('1 day')`,
    ],
  },
};

describe.each(Object.keys(FORBIDDEN) as RoleKind[])('the role %s', (kind) => {
  let client: Client;
  beforeAll(async () => {
    client = new Client({ connectionString: granted.urlOf(kind) });
    await client.connect();
  });
  afterAll(() => client.end());

  const { foreignTable, own } = FORBIDDEN[kind];
  // Its name is known once the roles are made.
  const general = forbiddenStatements({ table: 'orders', foreignTable, otherRole: 'OTHER' });
  it.each([...general, ...own])('must not: %s', async (statement) => {
    const other = granted.nameOf(kind === 'app' ? 'relay' : 'app');
    await expect(client.query(statement.replace('OTHER', other))).rejects.toMatchObject({ code: '42501' });
  });
});
