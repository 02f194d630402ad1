import type { EventPublisher, Message } from '@orders/messaging';
import { assertNotOver } from '@orders/postgres';
import type { Deadline } from '@orders/resilience';
import type { Order } from './order.js';
import {
  type NewOrder,
  type OrderChange,
  type OrderRef,
  type OrdersQuery,
  OrdersRepository,
  type StoredOrder,
} from './orders.repository.js';

/** Orders in memory, lost with the process: for tests, or to try the app without servers. */
export class MemoryOrdersRepository extends OrdersRepository {
  private readonly orders = new Map<string, Order>();
  private readonly byKey = new Map<string, Omit<StoredOrder, 'existed'>>();

  /** @param publisher receives the events at once, since there is no outbox */
  constructor(private readonly publisher: EventPublisher) {
    super();
  }

  async create(orders: readonly NewOrder[], deadline: Deadline): Promise<StoredOrder[]> {
    assertNotOver(deadline);
    const results: StoredOrder[] = [];
    const events: Message[] = [];
    for (const { order, idempotencyKey, requestHash, event } of orders) {
      const key = JSON.stringify([order.customerId, idempotencyKey]);
      const existing = this.byKey.get(key);
      if (existing) {
        results.push({ ...existing, existed: existing.order.id !== order.id });
        continue;
      }
      this.orders.set(order.id, order);
      this.byKey.set(key, { order, requestHash });
      results.push({ order, requestHash, existed: false });
      events.push(event);
    }
    for (const event of events) await this.publisher.publish(event);
    return results;
  }

  async findAll(which: readonly OrderRef[], deadline: Deadline): Promise<(Order | undefined)[]> {
    assertNotOver(deadline);
    return which.map((one) => this.visible(one));
  }

  async listAll(queries: readonly OrdersQuery[], deadline: Deadline): Promise<Order[][]> {
    assertNotOver(deadline);
    return queries.map((query) => this.page(query));
  }

  async update(
    which: OrderRef,
    deadline: Deadline,
    change: (order: Order) => OrderChange | undefined,
  ): Promise<Order | undefined> {
    assertNotOver(deadline);
    // No await between reading and writing, so that no other change can happen in between.
    const order = this.visible(which);
    const changed = order && change(order);
    if (!changed) return order;
    this.orders.set(which.id, changed.order);
    await this.publisher.publish(changed.event);
    return changed.order;
  }

  private page({ customerId, limit, before }: OrdersQuery): Order[] {
    const own = [...this.orders.values()]
      .filter((order) => order.customerId === customerId && (before === undefined || order.id < before))
      .sort((a, b) => (a.id < b.id ? 1 : -1));
    return own.slice(0, limit);
  }

  private visible({ id, customerId }: OrderRef): Order | undefined {
    const order = this.orders.get(id);
    return customerId === undefined || order?.customerId === customerId ? order : undefined;
  }
}
