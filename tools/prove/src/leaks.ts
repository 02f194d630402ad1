import type { System } from '@orders/dev/stack/system';
import { queries } from './census.ts';

/** Of each replica: pool (10) and what is held beside it, the listener of the relay. */
const CONNECTIONS_AT_MOST = 12;

const SESSIONS = `
  SELECT count(*)::int AS open,
         count(*) FILTER (WHERE state LIKE 'idle in transaction%' AND now() - state_change > interval '1 s')::int AS idle
  FROM pg_stat_activity
  WHERE datname = current_database() AND application_name <> 'prove' AND backend_type = 'client backend'`;

/** What an app has left open after the work is done (I9). */
export async function leaks({ postgres, replicas }: System): Promise<string[]> {
  const findings: string[] = [];
  for (const name of ['orders', 'fulfillment'] as const) {
    const [[row] = []] = await queries(postgres.url(name), [SESSIONS]);
    const { open, idle } = row as { open: number; idle: number };
    if (open > CONNECTIONS_AT_MOST * replicas[name].length)
      findings.push(`I9 ${name} holds ${open} connections to Postgres`);
    if (idle > 0) findings.push(`I9 ${name} has ${idle} transactions open and idle`);
  }
  return findings;
}
