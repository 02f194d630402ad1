import type { MetricDefinitions } from '@orders/instrumentation';
import { DURATION_BUCKETS } from '@orders/instrumentation/buckets';

const pool = 'the application names of the pools of the app';

/** What an app with a database exports. */
export const METRICS = {
  connections: {
    kind: 'gauge',
    name: 'db.client.connections',
    description: 'Connections to Postgres that a statement uses, and idle ones',
    labels: { pool, state: ['idle', 'used'] },
    apps: 'database',
  },
  pending: {
    kind: 'gauge',
    name: 'db.client.connection.pending_requests',
    description: 'Statements and transactions that wait for a connection',
    labels: { pool },
    apps: 'database',
  },
  wait: {
    kind: 'histogram',
    name: 'db.client.connection.wait_time.seconds',
    description: 'Time until a statement or a transaction has a connection, or gets none: after 1 s it fails',
    buckets: DURATION_BUCKETS,
    labels: { pool },
    apps: 'database',
  },
  migrationsFailed: {
    kind: 'gauge',
    name: 'migrations.failed',
    description: '1 while a database lacks migrations of this version: they failed, or were not run; else 0',
    labels: { check: 'the readiness checks of the databases' },
    apps: 'database',
  },
} as const satisfies MetricDefinitions;
