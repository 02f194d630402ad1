import { Injectable } from '@nestjs/common';
import { DomainError, ORDER_LIMITS } from '@orders/contracts';
import { type Caller, onBehalfOf } from '@orders/instrumentation';
import { deadlineExceeded } from '@orders/postgres';
import { Deadline } from '@orders/resilience';
import { measuredBatcher } from '@orders/service';
import { randomUUIDv7 } from 'node:crypto';
import { assertIdempotencyKey, requestHash } from './idempotency.js';
import { orderCanceled, orderCreated, type Origin } from './order-events.js';
import { cancelOrder, type Order, type OrderItem, placeOrder } from './order.js';
import {
  type NewOrder,
  type OrderRef,
  type OrdersQuery,
  OrdersRepository,
  type StoredOrder,
} from './orders.repository.js';
import { type Reader, readBatcher } from './read-batcher.js';

export interface CreateCommand {
  readonly customerId: string;
  readonly items: readonly OrderItem[];
  readonly idempotencyKey: string;
  readonly origin: Origin;
  readonly caller: Caller;
}

export interface Created {
  readonly order: Order;
  /** An earlier request with this key has stored the order. */
  readonly replayed: boolean;
}

export interface CancelCommand extends OrderRef {
  /** Undefined = any version. */
  readonly expectedVersions: readonly number[] | undefined;
  readonly origin: Origin;
}

export interface Page {
  readonly orders: readonly Order[];
  /** The `before` of the next page; undefined = this is the last page. */
  readonly next: string | undefined;
}

/** An order that waits to be stored, with its deadline and its caller. */
interface OrderWrite {
  readonly order: NewOrder;
  readonly deadline: Deadline;
  readonly caller: Caller;
}

@Injectable()
export class OrdersService {
  /** Group commit: a transaction costs about the same for one order as for many. */
  private readonly writes = measuredBatcher<OrderWrite, StoredOrder>('orders.group-commit', {
    send: (writes, signal) => this.store(writes, signal),
    // Not deadline-exceeded: perhaps only one order's deadline has passed.
    isOutage: (error) => error instanceof DomainError && error.code === 'unavailable',
    refuse: (why) =>
      why === 'full'
        ? new DomainError('overloaded', 'too many orders are waiting to be stored')
        : deadlineExceeded(),
    maxItems: ORDER_LIMITS.maxBatch,
    // Postgres parses this much in about 10 ms.
    maxBytes: 1_024 * 1_024,
    sizeOf: ({ order }) => 2 * order.event.body.length,
    maxQueued: 2_048,
    // Fewer than the pool has connections: reads and the relay need some too.
    maxInFlight: 4,
    // With less time left no statement would finish in time.
    minLeftMs: 5,
  });

  private readonly find = readBatcher<OrderRef, Order | undefined>({
    name: 'orders.reads',
    maxItems: ORDER_LIMITS.maxBatch,
    sizeOf: () => ORDER_LIMITS.maxMessageBytes,
    read: (which, deadline) => this.repository.findAll(which, deadline),
  });

  /** Of its own, because pages take longer. */
  private readonly page = readBatcher<OrdersQuery, Order[]>({
    name: 'orders.pages',
    maxItems: ORDER_LIMITS.maxPagesInBatch,
    sizeOf: ({ limit }) => limit * ORDER_LIMITS.maxMessageBytes,
    read: (queries, deadline) => this.repository.listAll(queries, deadline),
  });

  constructor(private readonly repository: OrdersRepository) {}

  /**
   * Stores an order in one transaction with the others that are waiting, or returns the order already stored for its key.
   *
   * @throws {DomainError} idempotency-key-reused, when the key has another order; overloaded; deadline-exceeded
   */
  async create(command: CreateCommand, deadline: Deadline): Promise<Created> {
    const order = prepare(command);
    const stored = await this.writes.add({ order, deadline, caller: command.caller });
    return replayOrReject(order, stored);
  }

  /** @throws {DomainError} order-not-found, also for an order of another customer; overloaded; deadline-exceeded */
  async get(which: OrderRef, reader: Reader): Promise<Order> {
    return found(await this.find(which, reader));
  }

  /** @throws {DomainError} overloaded; deadline-exceeded */
  async list(query: OrdersQuery, reader: Reader): Promise<Page> {
    const { limit } = query;
    const orders = await this.page({ ...query, limit: limit + 1 }, reader);
    const page = orders.slice(0, limit);
    return { orders: page, next: orders.length > limit ? page.at(-1)?.id : undefined };
  }

  /** Idempotent: a cancelled order is returned unchanged, and no event is published. */
  async cancel(command: CancelCommand, deadline: Deadline): Promise<Order> {
    const { expectedVersions, origin } = command;
    const order = await this.repository.update(command, deadline, (current) => {
      const canceled = cancelOrder(current, expectedVersions);
      if (canceled === current) return undefined;
      return { order: canceled, event: orderCanceled(canceled, new Date(), origin) };
    });
    return found(order);
  }

  /** Stores the batch in one transaction, which ends before the earliest deadline in it. */
  private async store(
    writes: readonly OrderWrite[],
    signal: AbortSignal,
  ): Promise<PromiseSettledResult<StoredOrder>[]> {
    const deadlines = writes.map(({ deadline }) => deadline);
    const callers = writes.map(({ caller }) => caller);
    const orders = writes.map(({ order }) => order);
    const stored = await onBehalfOf(callers, 'store orders', () =>
      this.repository.create(orders, Deadline.earliest(deadlines, signal)),
    );
    return stored.map((value) => ({ status: 'fulfilled', value }));
  }
}

/** Builds the order, its request hash and its event before the database is used. */
function prepare({ customerId, items, idempotencyKey, origin }: CreateCommand): NewOrder {
  assertIdempotencyKey(idempotencyKey);
  const order = placeOrder({ id: randomUUIDv7(), customerId, items, now: new Date() });
  return { order, idempotencyKey, requestHash: requestHash(order), event: orderCreated(order, origin) };
}

function replayOrReject({ requestHash }: NewOrder, stored: StoredOrder): Created {
  if (stored.requestHash !== requestHash) {
    throw new DomainError('idempotency-key-reused', 'this idempotency key was used for a different order');
  }
  return { order: stored.order, replayed: stored.existed };
}

function found(order: Order | undefined): Order {
  if (order) return order;
  throw new DomainError('order-not-found', 'No order of yours has this id');
}
