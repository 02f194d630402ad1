import { DomainError, IDEMPOTENCY_KEY_PATTERN } from '@orders/contracts';
import { hash } from 'node:crypto';
import type { Order } from './order.js';

/** Fields that the request hash leaves out: they differ for each attempt, or are derived from the others. */
export const NOT_IN_HASH = ['id', 'totalCents', 'status', 'createdAt', 'version'] as const;

/**
 * Two requests with the same hash ask for the same order: SHA-256 over the validated command in a canonical form. A hash
 * of the raw bytes would refuse a repeat whose JSON is only formatted differently.
 *
 * Hashes are stored for ever. Append a new field at the end as [name, value], and only when it has a value: orders
 * without it keep their hashes.
 */
export function requestHash({ customerId, items }: Omit<Order, (typeof NOT_IN_HASH)[number]>): string {
  const canonical = [customerId, items.map(({ sku, quantity, priceCents }) => [sku, quantity, priceCents])];
  return hash('sha256', JSON.stringify(canonical), 'hex');
}

/** @throws {DomainError} validation-failed, unless it is 1 to 255 visible ASCII characters */
export function assertIdempotencyKey(key: string): void {
  if (IDEMPOTENCY_KEY_PATTERN.test(key)) return;
  const errors = [{ pointer: 'Idempotency-Key', detail: '1 to 255 visible ASCII characters' }];
  throw new DomainError('validation-failed', 'the idempotency key breaks a rule', { errors });
}
