import { histogram, observe } from '@orders/instrumentation';
import pg from 'pg';
import { METRICS } from './metric-definitions.js';

/** The newest pool of each name: a database that cannot be used yet gets a new one for each try. */
const pools = new Map<string, pg.Pool>();

const wait = histogram(METRICS.wait);

observe([METRICS.connections, METRICS.pending], (set) => {
  for (const [pool, { totalCount, idleCount, waitingCount }] of pools) {
    set(METRICS.connections, idleCount, { pool, state: 'idle' });
    set(METRICS.connections, totalCount - idleCount, { pool, state: 'used' });
    set(METRICS.pending, waitingCount, { pool });
  }
});

type Connected = Parameters<Parameters<pg.Pool['connect']>[0]>;

/**
 * The driver of TypeORM with pools that are measured: `db_client_connections`, `db_client_connection_pending_requests` and
 * `db_client_connection_wait_time_seconds`.
 *
 * @param name value of the label `pool`
 */
export function measuredDriver(name: string): object {
  const labels = { pool: name };
  return {
    ...pg,
    Pool: class extends pg.Pool {
      constructor(config?: pg.PoolConfig) {
        super(config);
        pools.set(name, this);
      }

      override connect(): Promise<pg.PoolClient>;
      override connect(callback: (...result: Connected) => void): void;
      override connect(callback?: (...result: Connected) => void): Promise<pg.PoolClient> | void {
        const askedAt = performance.now();
        const measure = () => wait.record((performance.now() - askedAt) / 1_000, labels);
        if (!callback) return super.connect().finally(measure);
        super.connect((...result) => {
          measure();
          callback(...result);
        });
      }
    },
  };
}
