import type { Rights } from '@orders/postgres';

/** What a consumer does with the tables of its inbox. */
export const CONSUMER_RIGHTS = {
  inbox: ['SELECT', 'INSERT', 'DELETE'],
  dead_letter: ['SELECT', 'INSERT'],
} as const satisfies Rights;

/** What the desk of dead letters does, besides the effect of an event. Nobody changes or deletes what the audit has. */
export const DEAD_LETTER_RIGHTS = {
  inbox: ['SELECT', 'INSERT'],
  dead_letter: ['SELECT', 'UPDATE (state, error, attempts)'],
  dead_letter_audit: ['SELECT', 'INSERT'],
} as const satisfies Rights;
