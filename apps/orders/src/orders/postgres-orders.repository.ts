import { DomainError } from '@orders/contracts';
import { OutboxLog } from '@orders/outbox';
import {
  AWAIT_REPLICATION,
  type Column,
  columnsOf,
  rowsFrom,
  readWithin,
  statementWithin,
  transactionWithin,
  withDomainErrors,
} from '@orders/postgres';
import type { Deadline } from '@orders/resilience';
import type { DataSource } from 'typeorm';
import { OrderEntity } from './order.entity.js';
import { findOrders, listOrders, ORDER_FIELDS, type Selected, selected } from './order-reads.js';
import type { Order } from './order.js';
import {
  type NewOrder,
  type OrderChange,
  type OrderRef,
  type OrdersQuery,
  OrdersRepository,
  type StoredOrder,
} from './orders.repository.js';

const COLUMNS: readonly Column<NewOrder>[] = [
  { name: 'id', type: 'uuid', of: ({ order }) => order.id },
  { name: 'customer_id', type: 'text', of: ({ order }) => order.customerId },
  { name: 'idempotency_key', type: 'text', of: ({ idempotencyKey }) => idempotencyKey },
  { name: 'request_hash', type: 'text', of: ({ requestHash }) => requestHash },
  { name: 'items', type: 'jsonb', of: ({ order }) => JSON.stringify(order.items) },
  { name: 'total_cents', type: 'bigint', of: ({ order }) => order.totalCents },
  { name: 'status', type: 'text', of: ({ order }) => order.status },
  { name: 'version', type: 'integer', of: ({ order }) => order.version },
  { name: 'created_at', type: 'timestamptz', of: ({ order }) => order.createdAt.toISOString() },
  { name: 'event_id', type: 'uuid', of: ({ event }) => event.id },
  { name: 'subject', type: 'text', of: ({ event }) => event.subject },
  { name: 'headers', type: 'json', of: ({ event }) => JSON.stringify(event.headers) },
  { name: 'body', type: 'text', of: ({ event }) => event.body },
];

/**
 * Inserts orders and their outbox entries in one statement, hence in one transaction. It inserts in the order of the
 * keys, so that two batches with the same keys wait for each other instead of deadlocking. An order whose key is taken
 * gets no outbox entry.
 */
const CREATE = `
  WITH input AS MATERIALIZED (
    SELECT * FROM ${rowsFrom(COLUMNS, 'new')}
  ), created AS (
    INSERT INTO orders (id, customer_id, idempotency_key, request_hash, items, total_cents, status, version, created_at)
    SELECT id, customer_id, idempotency_key, decode(request_hash, 'hex'), items, total_cents, status, version, created_at
    FROM input ORDER BY customer_id, idempotency_key
    ON CONFLICT (customer_id, idempotency_key) DO NOTHING
    RETURNING id
  ), logged AS (
    INSERT INTO outbox (event_id, subject, headers, body)
    SELECT event_id, subject, headers, body FROM input JOIN created USING (id)
  )
  SELECT id FROM created`;

type FoundByKey = Order & { idempotencyKey: string; requestHash: string };
type FoundRow = FoundByKey & { replicated: unknown };

/** The order as it was created: only its status and version ever change. */
const AS_CREATED: Selected<FoundByKey> = {
  ...ORDER_FIELDS,
  status: "'CREATED'",
  version: '1',
  idempotencyKey: 'idempotency_key',
  requestHash: "encode(request_hash, 'hex')",
};

/** An order that was stored before may be on the primary alone: its answer waits until it is replicated. */
export const FIND_BY_KEYS = `
  SELECT ${selected(AS_CREATED)}, (SELECT ${AWAIT_REPLICATION}) AS replicated
  FROM orders
  JOIN unnest($1::text[], $2::text[]) AS k (customer, key) ON (customer_id, idempotency_key) = (customer, key)`;

const LOCK_NOT_AVAILABLE = '55P03';

export class PostgresOrdersRepository extends OrdersRepository {
  /** @param onAppend called after each commit that may have appended to the outbox */
  constructor(
    private readonly db: DataSource,
    private readonly onAppend: () => void,
  ) {
    super();
  }

  async create(orders: readonly NewOrder[], deadline: Deadline): Promise<StoredOrder[]> {
    const parameters = columnsOf(COLUMNS, orders);
    const statement = { sql: CREATE, parameters, prepared: true };
    const insert = () => statementWithin<{ id: string }[]>(this.db, deadline, statement).catch(throwKeyInUse);
    const rows = await withDomainErrors(insert, deadline);
    const created = new Set(rows.map(({ id }) => id));
    if (created.size > 0) this.onAppend();
    const taken = orders.filter(({ order }) => !created.has(order.id));
    const existing = await this.findByKeys(taken, deadline);
    return orders.map(({ order, idempotencyKey, requestHash }) => {
      if (created.has(order.id)) return { order, requestHash, existed: false };
      const stored = existing.get(keyOf(order.customerId, idempotencyKey));
      // The insert found a committed order with this key, and orders are never deleted.
      if (!stored) throw new Error('an order that exists was not found');
      // An earlier attempt of this same call may have stored it before it failed.
      return { ...stored, existed: stored.order.id !== order.id };
    });
  }

  findAll(which: readonly OrderRef[], deadline: Deadline): Promise<(Order | undefined)[]> {
    const read = () => readWithin(this.db, deadline, (connection) => findOrders(connection, which));
    return withDomainErrors(read, deadline);
  }

  listAll(queries: readonly OrdersQuery[], deadline: Deadline): Promise<Order[][]> {
    const read = () => readWithin(this.db, deadline, (connection) => listOrders(connection, queries));
    return withDomainErrors(read, deadline);
  }

  async update(
    which: OrderRef,
    deadline: Deadline,
    change: (order: Order) => OrderChange | undefined,
  ): Promise<Order | undefined> {
    const where = whereOf(which);
    const update = () =>
      transactionWithin(this.db, deadline, async (tx) => {
        const order = await tx.findOne(OrderEntity, { where, lock: { mode: 'pessimistic_write' } });
        const changed = order && change(order);
        if (!changed) return order ?? undefined;
        const { status, version } = changed.order;
        await tx.update(OrderEntity, where, { status, version });
        await OutboxLog.append(tx, [changed.event]);
        return changed.order;
      });
    const updated = await withDomainErrors(update, deadline);
    this.onAppend();
    return updated;
  }

  private async findByKeys(
    orders: readonly NewOrder[],
    deadline: Deadline,
  ): Promise<Map<string, Omit<StoredOrder, 'existed'>>> {
    if (orders.length === 0) return new Map();
    const customers = orders.map(({ order }) => order.customerId);
    const keys = orders.map(({ idempotencyKey }) => idempotencyKey);
    const statement = { sql: FIND_BY_KEYS, parameters: [customers, keys] };
    const rows = await withDomainErrors(
      () => statementWithin<FoundRow[]>(this.db, deadline, statement),
      deadline,
    );
    return new Map(
      rows.map(({ idempotencyKey, requestHash, replicated: _, ...order }) => [
        keyOf(order.customerId, idempotencyKey),
        { order, requestHash },
      ]),
    );
  }
}

/** Apart from a lock on the whole table, an insert waits only for a transaction that inserts the same key. */
function throwKeyInUse(cause: Error & { code?: string }): never {
  if (cause.code !== LOCK_NOT_AVAILABLE) throw cause;
  throw new DomainError('idempotency-key-in-use', 'the same order is being worked on', { cause });
}

function whereOf({ id, customerId }: OrderRef) {
  return customerId === undefined ? { id } : { id, customerId };
}

function keyOf(customerId: string, idempotencyKey: string): string {
  return JSON.stringify([customerId, idempotencyKey]);
}
