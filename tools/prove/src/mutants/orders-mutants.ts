import { SOURCES } from '../prove-build/sources.ts';
import type { Mutant } from './mutant.ts';

/** Bugs of the app that takes orders, and of how apps use Postgres. */
export const ORDERS_MUTANTS: readonly Mutant[] = [
  {
    name: 'check-then-insert',
    breaks: 'one order for each key',
    patches: [
      {
        file: SOURCES.ordersMigration,
        from: `timestamptz NOT NULL,
        UNIQUE (customer_id, idempotency_key)
      );`,
        to: `timestamptz NOT NULL
      );
      CREATE INDEX ON orders (customer_id, idempotency_key);`,
      },
      {
        file: SOURCES.ordersRepository,
        from: `FROM input ORDER BY customer_id, idempotency_key
    ON CONFLICT (customer_id, idempotency_key) DO NOTHING`,
        to: `FROM input WHERE NOT EXISTS (SELECT FROM orders AS o
      WHERE (o.customer_id, o.idempotency_key) = (input.customer_id, input.idempotency_key))`,
      },
    ],
    exposedBy: { faults: ['latency', 'cut'], targets: ['gateway-orders', 'orders-postgres'] },
    seenAs: ['I2'],
  },
  {
    name: 'answer-before-commit',
    breaks: 'an acknowledged order is durable',
    patches: [
      {
        file: SOURCES.ordersRepository,
        from: 'statementWithin<{ id: string }[]>(this.db, deadline, statement).catch(throwKeyInUse);',
        to: `
        new Promise<{ id: string }[]>((resolve, reject) => {
          this.db
            .transaction(async (tx) => resolve(await tx.query(statement.sql, statement.parameters)))
            .catch(reject);
        });`,
      },
    ],
    exposedBy: {
      faults: ['backends terminated', 'cut after bytes', 'kill -9', 'black hole'],
      targets: ['orders', 'every orders', 'orders-postgres', 'postgres'],
    },
    seenAs: ['I1'],
  },
  {
    name: 'dual-write',
    breaks: 'every order has its event',
    patches: [
      {
        file: SOURCES.ordersRepository,
        from: `, logged AS (
    INSERT INTO outbox (event_id, subject, headers, body)
    SELECT event_id, subject, headers, body FROM input JOIN created USING (id)
  )`,
        to: '',
      },
      {
        file: SOURCES.ordersRepository,
        from: 'const taken = orders.filter(({ order }) => !created.has(order.id));',
        to: `const taken = orders.filter(({ order }) => !created.has(order.id));
    const events = orders.filter(({ order }) => created.has(order.id)).map(({ event }) => event);
    if (events.length > 0) await this.run(() => OutboxLog.append(this.db, events), deadline);`,
      },
    ],
    exposedBy: {
      faults: ['crash at a point', 'kill -9', 'cut'],
      targets: ['orders-after-commit', 'every orders', 'postgres', 'orders-postgres'],
    },
    seenAs: ['I4'],
  },
  {
    name: 'key-for-any-order',
    breaks: 'another order with a used key is refused',
    patches: [
      { file: SOURCES.ordersService, from: 'if (stored.requestHash !== requestHash) {', to: 'if (false) {' },
    ],
    exposedBy: { faults: ['latency', 'cut'], targets: ['client-gateway'] },
    seenAs: ['I2'],
  },
  {
    name: 'outage-is-500',
    breaks: 'answers are honest',
    patches: [
      {
        file: SOURCES.domainErrors,
        from: 'if (!isInstallationFault(cause)) throw cause;',
        to: 'if (cause) throw cause;',
      },
    ],
    exposedBy: { faults: ['kill -9', 'backends terminated'], targets: ['postgres', 'orders'] },
    seenAs: ['I7'],
  },
  {
    name: 'synchronous-commit-off',
    breaks: 'an acknowledged order is durable',
    patches: [
      {
        file: SOURCES.postgres,
        from: 'keepAliveInitialDelayMillis: 5_000,',
        to: "keepAliveInitialDelayMillis: 5_000, options: '-c synchronous_commit=off',",
      },
    ],
    exposedBy: { faults: ['kill -9'], targets: ['postgres'] },
    seenAs: ['I1', 'I4', 'I5', 'I6'],
  },
  {
    name: 'cancelled-commit-trusted',
    breaks: 'an acknowledged order survives a failover',
    patches: [
      { file: SOURCES.replicatedCommits, from: 'throw new CommitNotReplicated();', to: 'return value;' },
    ],
    exposedBy: { faults: ['failover'], targets: ['primary, while the standby lags'] },
    platform: 'standby',
    seenAs: ['I1', 'I4'],
  },
  {
    name: 'silent-postgres-kept',
    breaks: 'works again within 10 s',
    patches: [
      {
        file: SOURCES.postgresConnection,
        from: 'if (!isUnlimited) closeWhenUnresponsive(client);',
        to: '',
      },
    ],
    exposedBy: { faults: ['black hole'], targets: ['orders-postgres', 'fulfillment-postgres'] },
    seenAs: ['I8'],
  },
];
