import type { Rights } from '@orders/postgres';

/** What the role of an app that consumes does with the tables of its inbox. */
export const INBOX_RIGHTS = {
  inbox: ['SELECT', 'INSERT', 'DELETE'],
  dead_letter: ['SELECT', 'INSERT', 'UPDATE'],
  dead_letter_audit: ['SELECT', 'INSERT'],
} as const satisfies Rights;
