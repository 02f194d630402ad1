import type { Rights } from '@orders/postgres';

/** What the role of an app that publishes does with the tables of its outbox. */
export const OUTBOX_RIGHTS = {
  outbox: ['SELECT', 'INSERT'],
  outbox_position: ['USAGE'],
  outbox_cursor: ['SELECT', 'UPDATE'],
  outbox_checkpoint: ['SELECT', 'INSERT', 'DELETE'],
  'outbox_maintain(interval)': ['EXECUTE'],
  'outbox_rebase()': ['EXECUTE'],
} as const satisfies Rights;

/** What a replay does. */
export const REPLAY_RIGHTS = { outbox: ['SELECT'] } as const satisfies Rights;
