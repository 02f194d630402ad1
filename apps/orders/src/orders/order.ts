import { DomainError, type FieldError, isPlainText, ORDER_LIMITS, type OrderStatus } from '@orders/contracts';

export interface OrderItem {
  readonly sku: string;
  readonly quantity: number;
  readonly priceCents: number;
}

/** The aggregate. Immutable: each function below returns a new value. */
export interface Order {
  readonly id: string;
  readonly customerId: string;
  readonly items: readonly OrderItem[];
  readonly totalCents: number;
  readonly status: OrderStatus;
  readonly createdAt: Date;
  readonly version: number;
}

const TRANSITIONS: Record<OrderStatus, readonly OrderStatus[]> = {
  PENDING: ['CREATED', 'CANCELED'],
  CREATED: ['CANCELED'],
  CANCELED: [],
};

export interface PlaceOrder {
  readonly id: string;
  readonly customerId: string;
  readonly items: readonly OrderItem[];
  readonly now: Date;
}

/**
 * A new order, CREATED, version 1.
 *
 * @throws {DomainError} validation-failed, naming every broken rule
 */
export function placeOrder({ id, customerId, items, now }: PlaceOrder): Order {
  const errors = [...checkCustomer(customerId), ...checkItems(items)];
  if (errors.length > 0) throw invalid(errors);
  const totalCents = totalOf(items);
  const pending: Order = { id, customerId, items, totalCents, status: 'PENDING', createdAt: now, version: 0 };
  return moveTo(pending, 'CREATED');
}

/**
 * Cancels an order; returns the same object when it is cancelled already.
 *
 * @param expectedVersions the order must be at one of them; undefined = any version
 * @throws {DomainError} version-mismatch, when the order has changed since
 */
export function cancelOrder(order: Order, expectedVersions?: readonly number[]): Order {
  if (order.status === 'CANCELED') return order;
  if (expectedVersions?.includes(order.version) === false) {
    throw new DomainError('version-mismatch', `the order is at version ${order.version}`);
  }
  return moveTo(order, 'CANCELED');
}

function moveTo(order: Order, status: OrderStatus): Order {
  if (!TRANSITIONS[order.status].includes(status)) {
    throw new Error(`an order cannot go from ${order.status} to ${status}`);
  }
  return { ...order, status, version: order.version + 1 };
}

/** Summed as BigInt: the product of two safe integers may be larger than a safe integer. */
function totalOf(items: readonly OrderItem[]): number {
  const total = items.reduce((sum, item) => sum + BigInt(item.quantity) * BigInt(item.priceCents), 0n);
  if (total > BigInt(ORDER_LIMITS.maxTotalCents)) {
    throw invalid([{ pointer: '/items', detail: `the total is over ${ORDER_LIMITS.maxTotalCents} cents` }]);
  }
  return Number(total);
}

/** The rules that a customer's id breaks; empty when it is valid. */
export function checkCustomer(customerId: string): FieldError[] {
  const { maxCustomerIdLength: max } = ORDER_LIMITS;
  if (customerId.length >= 1 && customerId.length <= max && isPlainText(customerId)) return [];
  return [{ pointer: '/customerId', detail: `1 to ${max} characters, none of them a control character` }];
}

function checkItems(items: readonly OrderItem[]): FieldError[] {
  if (items.length === 0 || items.length > ORDER_LIMITS.maxItems) {
    return [{ pointer: '/items', detail: `1 to ${ORDER_LIMITS.maxItems} items` }];
  }
  return items.flatMap(checkItem);
}

function checkItem({ sku, quantity, priceCents }: OrderItem, index: number): FieldError[] {
  const { maxQuantity, maxSkuLength } = ORDER_LIMITS;
  const errors: FieldError[] = [];
  if (sku.length === 0 || sku.length > maxSkuLength || !isPlainText(sku)) {
    const detail = `1 to ${maxSkuLength} characters, none of them a control character`;
    errors.push({ pointer: `/items/${index}/sku`, detail });
  }
  if (!Number.isSafeInteger(quantity) || quantity < 1 || quantity > maxQuantity) {
    errors.push({ pointer: `/items/${index}/quantity`, detail: `a whole number from 1 to ${maxQuantity}` });
  }
  if (!Number.isSafeInteger(priceCents) || priceCents < 0) {
    errors.push({ pointer: `/items/${index}/priceCents`, detail: 'a whole number from 0 to 2^53-1' });
  }
  return errors;
}

function invalid(errors: readonly FieldError[]): DomainError {
  return new DomainError('validation-failed', 'the order breaks a rule', { errors });
}
