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
  /** In the state in which it was created. */
  readonly order: Order;
  readonly requestHash: string;
  /** False = this same order was stored, by this attempt or by an earlier one. */
  readonly existed: boolean;
}

export interface OrderRef {
  readonly id: string;
  /** The customer that it must belong to; undefined = any customer. */
  readonly customerId: string | undefined;
}

/** A page of a customer's orders, newest first; orders of the same millisecond are sorted by id. */
export interface OrdersQuery {
  readonly customerId: string;
  /** Largest number of orders to return. */
  readonly limit: number;
  /** Return only orders older than the one with this id; undefined = start at the newest. */
  readonly before: string | undefined;
}

/** A changed order and the event of that change. */
export interface OrderChange {
  readonly order: Order;
  readonly event: Message;
}

/** Stores orders. The adapters for Postgres and for memory both pass orders-repository.conformance.ts. */
export abstract class OrdersRepository {
  /**
   * Stores orders and their events in one transaction. An order whose (customer, key) is taken is not stored; the
   * result has the existing order in its place. Waits while another transaction is storing the same key.
   *
   * @param deadline after it nothing is stored, and no statement keeps running
   * @throws {DomainError} idempotency-key-in-use, when that wait is too long; deadline-exceeded. No order is stored then.
   */
  abstract create(orders: readonly NewOrder[], deadline: Deadline): Promise<StoredOrder[]>;

  /**
   * Finds orders, each with its own answer in the order of `which`: undefined when there is none, or it belongs to another
   * customer. Each answer has all that was stored before the call.
   *
   * @param deadline when its signal aborts, no statement keeps running
   * @throws {DomainError} deadline-exceeded
   */
  abstract findAll(which: readonly OrderRef[], deadline: Deadline): Promise<(Order | undefined)[]>;

  /**
   * Reads a page for each query, in their order.
   *
   * @param deadline as in {@link findAll}
   * @throws {DomainError} deadline-exceeded
   */
  abstract listAll(queries: readonly OrdersQuery[], deadline: Deadline): Promise<Order[][]>;

  /**
   * Loads and locks an order, changes it, and saves it with its event, all in one transaction. When `change` throws,
   * nothing is saved and the error is passed on.
   *
   * @param deadline after it nothing is saved, and no statement keeps running
   * @param change returns undefined to leave the order unchanged
   * @returns the order after the change; undefined when it does not exist
   * @throws {DomainError} deadline-exceeded. Nothing is saved then.
   */
  abstract update(
    which: OrderRef,
    deadline: Deadline,
    change: (order: Order) => OrderChange | undefined,
  ): Promise<Order | undefined>;
}
