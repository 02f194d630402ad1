import type { Rights } from '@orders/postgres';

/** What the transactions of an app do that append to its outbox. */
export const APPEND_RIGHTS = { outbox: ['INSERT'], outbox_position: ['USAGE'] } as const satisfies Rights;

/** What the relay does. The functions run with the rights of their owner: the relay changes no schema itself. */
export const RELAY_RIGHTS = {
  outbox: ['SELECT'],
  outbox_cursor: ['SELECT', 'UPDATE'],
  outbox_checkpoint: ['SELECT', 'INSERT', 'DELETE'],
  'outbox_maintain(interval)': ['EXECUTE'],
  'outbox_rebase()': ['EXECUTE'],
} as const satisfies Rights;

/** What a replay does. */
export const REPLAY_RIGHTS = { outbox: ['SELECT'], outbox_cursor: ['SELECT'] } as const satisfies Rights;
