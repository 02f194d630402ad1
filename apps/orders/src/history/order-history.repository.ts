import type { OrderStatus } from '@orders/contracts';
import type { LoggedEvent, OutboxHistory } from '@orders/outbox';
import { type Queryable, readWithin, withDomainErrors } from '@orders/postgres';
import type { Deadline } from '@orders/resilience';
import type { DataSource } from 'typeorm';
import { type Selected, selected } from '../orders/order-reads.js';

/** Orders on a page. */
export const HISTORY_PAGE = 50;

/** An order as operators find it. */
export interface OrderSummary {
  readonly id: string;
  readonly customerId: string;
  readonly idempotencyKey: string;
  readonly status: OrderStatus;
  readonly version: number;
  /** How many it has. */
  readonly items: number;
  readonly totalCents: number;
  readonly createdAt: Date;
}

/** An event of an order, and its sequence in the stream if that is known. */
export interface OrderEvent extends LoggedEvent {
  readonly streamSequence: number | undefined;
}

const SUMMARY: Selected<OrderSummary> = {
  id: 'id',
  customerId: 'customer_id',
  idempotencyKey: 'idempotency_key',
  status: 'status',
  version: 'version',
  items: 'jsonb_array_length(items)',
  totalCents: 'total_cents::float8',
  createdAt: 'created_at',
};

export const BY_ID = `SELECT ${selected({ ...SUMMARY, lastWriter: 'xmin::text' })} FROM orders WHERE id = $1`;
export const BY_KEY = `SELECT ${selected(SUMMARY)} FROM orders WHERE customer_id = $1 AND idempotency_key = $2`;
export const BY_CUSTOMER = `
  SELECT ${selected(SUMMARY)} FROM orders WHERE customer_id = $1 AND id < $2 ORDER BY id DESC LIMIT $3`;

/** No order has this id: it is no version 7. */
const AFTER_ALL = 'ffffffff-ffff-ffff-ffff-ffffffffffff';

/** Longest time that the stream is asked for the sequences of an order's events, in ms. */
const STREAM_MS = 1_000;

/**
 * Reads what is recorded of orders, for operators; every answer is bounded. All methods reject with a `DomainError`
 * (`unavailable`, `deadline-exceeded`) while the database cannot answer.
 */
export class OrderHistoryRepository {
  constructor(
    private readonly db: DataSource,
    private readonly log: OutboxHistory,
  ) {}

  /** @param id in its canonical form */
  findById(id: string, deadline: Deadline): Promise<OrderSummary[]> {
    return this.read(deadline, async (db) => {
      const found = await db.query<(OrderSummary & { lastWriter: string })[]>(BY_ID, [id]);
      return found.map(({ lastWriter: _, ...order }) => order);
    });
  }

  findByKey(customerId: string, key: string, deadline: Deadline): Promise<OrderSummary[]> {
    return this.read(deadline, (db) => db.query<OrderSummary[]>(BY_KEY, [customerId, key]));
  }

  /**
   * A page of a customer's orders, newest first.
   *
   * @param before the id of the last order of the previous page; undefined = the newest
   */
  async findByCustomer(
    customerId: string,
    before: string | undefined,
    deadline: Deadline,
  ): Promise<{ orders: OrderSummary[]; hasMore: boolean }> {
    const parameters = [customerId, before ?? AFTER_ALL, HISTORY_PAGE + 1];
    const found = await this.read(deadline, (db) => db.query<OrderSummary[]>(BY_CUSTOMER, parameters));
    return { orders: found.slice(0, HISTORY_PAGE), hasMore: found.length > HISTORY_PAGE };
  }

  /** An order and its events, oldest first; undefined when there is no such order. */
  async history(
    id: string,
    deadline: Deadline,
  ): Promise<{ order: OrderSummary; events: OrderEvent[] } | undefined> {
    const [found] = await this.read(deadline, (db) =>
      db.query<(OrderSummary & { lastWriter: string })[]>(BY_ID, [id]),
    );
    if (!found) return undefined;
    const { lastWriter, ...order } = found;
    const entity = { subject: id, events: order.version, lastWriter, createdAt: order.createdAt };
    const logged = await withDomainErrors(() => this.log.eventsOf(entity), deadline);
    const limit = AbortSignal.any([deadline.signal, AbortSignal.timeout(STREAM_MS)]);
    const events = logged.map(async (event) => ({
      ...event,
      streamSequence: await this.log.sequenceOf(event, limit),
    }));
    return { order, events: await Promise.all(events) };
  }

  private read<T>(deadline: Deadline, reads: (db: Queryable) => Promise<T>): Promise<T> {
    return withDomainErrors(() => readWithin(this.db, deadline, reads), deadline);
  }
}
