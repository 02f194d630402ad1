import type { Message } from '@orders/messaging';
import type { Deadline } from '@orders/resilience';
import type { Order } from './order.js';

export interface NewOrder {
  readonly order: Order;
  readonly idempotencyKey: string;
  readonly requestHash: string;
  readonly event: Message;
}

export interface StoredOrder {
  /** As it was when it was created. */
  readonly order: Order;
  readonly requestHash: string;
  /** False = stored for this very order, by this try or by one before. */
  readonly existed: boolean;
}

export interface OrderRef {
  readonly id: string;
  /** Only this customer's; undefined = anybody's. */
  readonly customerId: string | undefined;
}

/** A part of a customer's orders, newest first; those of one millisecond by their ids. */
export interface OrdersQuery {
  readonly customerId: string;
  /** So many at most. */
  readonly limit: number;
  /** Only those older than the order with this id; undefined = from the newest on. */
  readonly before: string | undefined;
}

/** A change to an order and the event that tells of it. */
export interface OrderChange {
  readonly order: Order;
  readonly event: Message;
}

/** Keeps orders. Two real sides: Postgres and memory; both pass orders.repository.conformance.ts. */
export abstract class OrdersRepository {
  /**
   * Stores orders and their events in one transaction. An order whose (customer, key) is taken is not stored;
   * the one that took it is answered instead, in its place. Waits for another call that is storing the same key.
   *
   * @param deadline nothing is stored once it is over, nor runs on
   * @throws {DomainError} idempotency-key-in-use, when that takes too long; deadline-exceeded; then none is stored
   */
  abstract create(orders: readonly NewOrder[], deadline: Deadline): Promise<StoredOrder[]>;

  /**
   * @param deadline nothing runs on once it is over
   * @throws {DomainError} deadline-exceeded
   */
  abstract find(which: OrderRef, deadline: Deadline): Promise<Order | undefined>;

  /**
   * @param deadline nothing runs on once it is over
   * @throws {DomainError} deadline-exceeded
   */
  abstract list(query: OrdersQuery, deadline: Deadline): Promise<Order[]>;

  /**
   * Loads and locks an order, changes it, and saves it with the event in one transaction. What `change` throws is
   * thrown on, and nothing is saved.
   *
   * @param deadline nothing is saved once it is over, nor runs on
   * @param change undefined = leave it as it is
   * @returns the order as it is now; undefined when there is none
   * @throws {DomainError} deadline-exceeded; then nothing is saved
   */
  abstract update(
    which: OrderRef,
    deadline: Deadline,
    change: (order: Order) => OrderChange | undefined,
  ): Promise<Order | undefined>;
}
