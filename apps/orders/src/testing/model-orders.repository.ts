import { DomainError } from '@orders/contracts';
import { OutboxLog } from '@orders/outbox';
import { isTransientDatabaseError, assertNotOver } from '@orders/postgres';
import type { ModelConnection, ModelSession } from '@orders/postgres/testing';
import type { Deadline } from '@orders/resilience';
import type { Order } from '../orders/order.js';
import {
  type NewOrder,
  type OrderChange,
  type OrderRef,
  type OrdersQuery,
  OrdersRepository,
  type StoredOrder,
} from '../orders/orders.repository.js';

/** Orders in the model database, stored in the same steps as by PostgresOrdersRepository. Each step may fail. */
export class ModelOrdersRepository extends OrdersRepository {
  constructor(private readonly db: ModelConnection) {
    super();
  }

  async create(orders: readonly NewOrder[], deadline: Deadline): Promise<StoredOrder[]> {
    assertNotOver(deadline);
    const created = await this.run(() => this.db.transaction((tx) => this.insert(tx, orders)));
    const isNew = ({ order }: NewOrder) => created.has(order.id);
    const existing = orders.every(isNew) ? [] : await this.run(() => this.db.rows<NewOrder>('orders'));
    return orders.map((wanted) => {
      const stored = isNew(wanted) ? wanted : existing.find((row) => keyOf(row) === keyOf(wanted))!;
      return {
        order: stored.order,
        requestHash: stored.requestHash,
        existed: stored.order.id !== wanted.order.id,
      };
    });
  }

  async findAll(which: readonly OrderRef[], deadline: Deadline): Promise<(Order | undefined)[]> {
    assertNotOver(deadline);
    const versions = await this.run(() => this.db.rows<Order>('order_version'));
    return which.map((one) => visible(versions, one));
  }

  async listAll(queries: readonly OrdersQuery[], deadline: Deadline): Promise<Order[][]> {
    assertNotOver(deadline);
    const rows = await this.run(() => this.db.rows<NewOrder>('orders'));
    const orders = rows.map(({ order }) => order).sort((a, b) => (a.id < b.id ? 1 : -1));
    return queries.map(({ customerId, limit, before }) =>
      orders
        .filter((order) => order.customerId === customerId && (before === undefined || order.id < before))
        .slice(0, limit),
    );
  }

  async update(
    which: OrderRef,
    deadline: Deadline,
    change: (order: Order) => OrderChange | undefined,
  ): Promise<Order | undefined> {
    assertNotOver(deadline);
    return this.run(() =>
      this.db.transaction(async (tx) => {
        await tx.lock(which.id);
        const order = visible(await tx.rows<Order>('order_version'), which);
        const changed = order && change(order);
        if (!changed) return order;
        await tx.insert('order_version', versionOf(changed.order), changed.order);
        await OutboxLog.append(tx, [changed.event]);
        return changed.order;
      }),
    );
  }

  /** Takes the key of an order; false when it is taken. Waits while another transaction is taking it. */
  protected claim(tx: ModelSession, order: NewOrder): Promise<boolean> {
    return tx.insert('orders', keyOf(order), order);
  }

  /**
   * Takes keys in their order, so that two batches with the same keys wait for each other instead of deadlocking.
   *
   * @returns the ids of those whose key was free
   */
  private async insert(tx: ModelSession, orders: readonly NewOrder[]): Promise<Set<string>> {
    const created: NewOrder[] = [];
    for (const order of orders.toSorted((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1))) {
      if (await this.claim(tx, order)) created.push(order);
    }
    for (const { order } of created) await tx.insert('order_version', versionOf(order), order);
    if (created.length > 0) {
      await OutboxLog.append(
        tx,
        created.map(({ event }) => event),
      );
    }
    return new Set(created.map(({ order }) => order.id));
  }

  private async run<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (cause) {
      if (!isTransientDatabaseError(cause)) throw cause;
      throw new DomainError('unavailable', 'the database cannot answer now', { cause });
    }
  }
}

function visible(versions: readonly Order[], { id, customerId }: OrderRef): Order | undefined {
  const latest = versions.filter((order) => order.id === id).sort((a, b) => b.version - a.version)[0];
  return customerId === undefined || latest?.customerId === customerId ? latest : undefined;
}

/** The unique key of an order. */
export function keyOf({ order, idempotencyKey }: Pick<NewOrder, 'order' | 'idempotencyKey'>): string {
  return JSON.stringify([order.customerId, idempotencyKey]);
}

function versionOf({ id, version }: Order): string {
  return `${id}/${version}`;
}
