import type { Connection } from './connection.js';

/** Default `statement_timeout` of connections with limits, in ms. */
export const STATEMENT_TIMEOUT_MS = 3_000;

/** Limits of the waits of a session, in ms. */
const LIMITS = {
  statement_timeout: STATEMENT_TIMEOUT_MS,
  lock_timeout: 1_000,
  idle_in_transaction_session_timeout: 5_000,
};

/** Settings that our statements rely on, whatever role or database say. */
const SETTINGS = { DateStyle: 'ISO' };

/**
 * Applies our settings to the session of a new connection, and the limits unless it is unlimited. They are not startup
 * parameters, which poolers refuse or drop.
 */
export async function configureSession(client: Connection, isUnlimited: boolean): Promise<void> {
  const settings = Object.entries({ ...SETTINGS, ...(isUnlimited ? {} : LIMITS) });
  const calls = settings.map(([name, value]) => `set_config('${name}', '${value}', false)`);
  await client.query(`SELECT ${calls.join(', ')}`);
}
