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

export interface CreateCommand {
  readonly customerId: string;
  readonly items: readonly OrderItem[];
  readonly idempotencyKey: string;
  readonly origin: Origin;
  readonly caller: Caller;
}

export interface Created {
  readonly order: Order;
  /** The key had been used for the same order before: this is the first answer again. */
  readonly replayed: boolean;
}

export interface CancelCommand extends OrderRef {
  /** Undefined = whatever it is. */
  readonly expectedVersion: number | undefined;
  readonly origin: Origin;
}

export interface Page {
  readonly orders: readonly Order[];
  /** The id to go on before; undefined = this was the last page. */
  readonly next: string | undefined;
}

/** One order on its way into the database, and who waits for it how long. */
interface OrderWrite {
  readonly order: NewOrder;
  readonly deadline: Deadline;
  readonly caller: Caller;
}

@Injectable()
export class OrdersService {
  /** Group commit: a transaction costs much the same for one order as for many. */
  private readonly writes = measuredBatcher<OrderWrite, StoredOrder>('orders.group-commit', {
    send: (writes, signal) => this.store(writes, signal),
    // Not deadline-exceeded: that may be the time of one of them only.
    isOutage: (error) => error instanceof DomainError && error.code === 'unavailable',
    refuse: (why) =>
      why === 'full'
        ? new DomainError('overloaded', 'too many orders wait to be stored')
        : deadlineExceeded(),
    maxItems: ORDER_LIMITS.maxBatch,
    // What Postgres parses in some 10 ms.
    maxBytes: 1_024 * 1_024,
    sizeOf: ({ order }) => 2 * order.event.body.length,
    maxQueued: 2_048,
    // Fewer than there are connections: reads and the relay need some too.
    maxInFlight: 4,
    // No statement that begins then ends in time.
    minLeftMs: 5,
  });

  constructor(private readonly repository: OrdersRepository) {}

  /**
   * Stores an order together with all that wait at this moment, or finds the one that took its key before.
   *
   * @throws {DomainError} idempotency-key-reused, when that was another order; overloaded; deadline-exceeded
   */
  async create(command: CreateCommand, deadline: Deadline): Promise<Created> {
    const order = prepare(command);
    const stored = await this.writes.add({ order, deadline, caller: command.caller });
    return replayOrReject(order, stored);
  }

  /** @throws {DomainError} order-not-found, also when it is another customer's; deadline-exceeded */
  async get(which: OrderRef, deadline: Deadline): Promise<Order> {
    return found(await this.repository.find(which, deadline));
  }

  /** @throws {DomainError} deadline-exceeded */
  async list(query: OrdersQuery, deadline: Deadline): Promise<Page> {
    const { limit } = query;
    const orders = await this.repository.list({ ...query, limit: limit + 1 }, deadline);
    const page = orders.slice(0, limit);
    return { orders: page, next: orders.length > limit ? page.at(-1)?.id : undefined };
  }

  /** Idempotent: cancelling what is cancelled answers it unchanged and tells nobody. */
  async cancel(command: CancelCommand, deadline: Deadline): Promise<Order> {
    const { expectedVersion, origin } = command;
    const order = await this.repository.update(command, deadline, (current) => {
      const canceled = cancelOrder(current, expectedVersion);
      if (canceled === current) return undefined;
      return { order: canceled, event: orderCanceled(canceled, new Date(), origin) };
    });
    return found(order);
  }

  /** All in one transaction that is over before the time of any of them is. */
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

/** The order, its event and what tells a repeat, all made before the database is asked for anything. */
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
  throw new DomainError('order-not-found', 'no order of yours has this id');
}
