import { Injectable } from '@nestjs/common';
import { DomainError, ORDER_LIMITS } from '@orders/contracts';
import type { Deadline } from '@orders/resilience';
import { v7 as uuidV7 } from 'uuid';
import { assertIdempotencyKey, requestHash } from './idempotency.js';
import { cancelOrder, type Order, type OrderItem, placeOrder } from './order.js';
import { orderCanceled, orderCreated, type Origin } from './order-events.js';
import { type NewOrder, OrdersRepository, type StoredOrder } from './orders.repository.js';

export interface CreateCommand {
  readonly customerId: string;
  readonly items: readonly OrderItem[];
  readonly idempotencyKey: string;
  readonly origin: Origin;
}

export interface Created {
  readonly order: Order;
  /** The key had been used for the same order before: this is the first answer again. */
  readonly replayed: boolean;
}

export interface CancelCommand {
  readonly id: string;
  /** Undefined = anybody's. */
  readonly customerId: string | undefined;
  /** Undefined = whatever it is. */
  readonly expectedVersion: number | undefined;
  readonly origin: Origin;
}

export interface Page {
  readonly orders: readonly Order[];
  /** The id to go on before; undefined = this was the last page. */
  readonly next: string | undefined;
}

@Injectable()
export class OrdersService {
  constructor(private readonly repository: OrdersRepository) {}

  /** Each command's own outcome, in the order given: one that fails does not fail another. */
  async createMany(
    commands: readonly CreateCommand[],
    deadline: Deadline,
  ): Promise<PromiseSettledResult<Created>[]> {
    const prepared = commands.map((command) => settle(() => prepare(command)));
    const valid = prepared.filter((result) => result.status === 'fulfilled').map(({ value }) => value);
    const stored = await this.store(valid, deadline);
    return prepared.map((result) => {
      if (result.status === 'rejected') return result;
      const outcome = stored.shift()!;
      return outcome.status === 'rejected'
        ? outcome
        : settle(() => replayOrReject(result.value, outcome.value));
    });
  }

  async create(command: CreateCommand, deadline: Deadline): Promise<Created> {
    const [result] = await this.createMany([command], deadline);
    if (result?.status === 'fulfilled') return result.value;
    throw result?.reason;
  }

  /** @throws {DomainError} order-not-found, also when it is another customer's */
  async get(id: string, customerId: string | undefined): Promise<Order> {
    return found(await this.repository.find(id, customerId));
  }

  async list(customerId: string, limit: number, before: string | undefined): Promise<Page> {
    const size = Math.min(limit === 0 ? ORDER_LIMITS.defaultPage : limit, ORDER_LIMITS.maxPage);
    const orders = await this.repository.list(customerId, size + 1, before);
    const page = orders.slice(0, size);
    return { orders: page, next: orders.length > size ? page.at(-1)?.id : undefined };
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

  /** All in one transaction; when one of them breaks it, each in its own. An absent database is asked only once. */
  private async store(
    orders: readonly NewOrder[],
    deadline: Deadline,
  ): Promise<PromiseSettledResult<StoredOrder>[]> {
    if (orders.length === 0) return [];
    try {
      const stored = await this.repository.create(orders, deadline);
      return stored.map((value) => ({ status: 'fulfilled', value }));
    } catch (reason) {
      const isOutage =
        reason instanceof DomainError && ['unavailable', 'deadline-exceeded'].includes(reason.code);
      if (orders.length === 1 || isOutage) return orders.map(() => ({ status: 'rejected', reason }));
      const alone = orders.map(async (order) => (await this.repository.create([order], deadline))[0]!);
      return Promise.allSettled(alone);
    }
  }
}

function settle<T>(work: () => T): PromiseSettledResult<T> {
  try {
    return { status: 'fulfilled', value: work() };
  } catch (reason) {
    return { status: 'rejected', reason };
  }
}

/** The order, its event and what tells a repeat, all made before the database is asked for anything. */
function prepare({ customerId, items, idempotencyKey, origin }: CreateCommand): NewOrder {
  assertIdempotencyKey(idempotencyKey);
  const order = placeOrder({ id: uuidV7(), customerId, items, now: new Date() });
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
