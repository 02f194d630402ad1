import { DomainError, IDEMPOTENCY_KEY_PATTERN } from '@orders/contracts';
import { hash } from 'node:crypto';
import type { Order } from './order.js';

/** What the request hash leaves out: made anew by each try, or following from the rest. */
export const NOT_IN_HASH = ['id', 'totalCents', 'status', 'createdAt', 'version'] as const;

/**
 * What makes two requests the same order: SHA-256 over the validated command in one fixed form. Raw bytes would
 * tell a client that only formats its JSON differently that it reused a key.
 *
 * Hashes are stored for ever. A field that is added later goes to the end as [name, value], and only when it has a value:
 * orders without it keep their hashes.
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
