import type { Rights } from '@orders/postgres';

/** What the role of an app that publishes does with the tables of its outbox. */
export const OUTBOX_RIGHTS = {
  // UPDATE: after a restore the relay moves the entries into a transaction of the new server.
  outbox: ['SELECT', 'INSERT', 'UPDATE'],
  outbox_position: ['USAGE'],
  outbox_cursor: ['SELECT', 'UPDATE'],
  outbox_checkpoint: ['SELECT', 'INSERT', 'DELETE'],
  'outbox_maintain(interval)': ['EXECUTE'],
  'pg_control_system()': ['EXECUTE'],
} as const satisfies Rights;

/** What a replay does. */
export const REPLAY_RIGHTS = { outbox: ['SELECT'], outbox_cursor: ['SELECT'] } as const satisfies Rights;
