import { hash } from 'node:crypto';
import { DomainError, IDEMPOTENCY_KEY_PATTERN } from '@orders/contracts';
import type { Order } from './order.js';

/**
 * What makes two requests the same order: SHA-256 over the validated command in one fixed form. Raw bytes would
 * tell a client that only formats its JSON differently that it reused a key.
 */
export function requestHash({ customerId, items }: Pick<Order, 'customerId' | 'items'>): string {
  const canonical = [customerId, items.map(({ sku, quantity, priceCents }) => [sku, quantity, priceCents])];
  return hash('sha256', JSON.stringify(canonical), 'hex');
}

/** @throws {DomainError} validation-failed, unless it is 1 to 255 visible ASCII characters */
export function assertIdempotencyKey(key: string): void {
  if (IDEMPOTENCY_KEY_PATTERN.test(key)) return;
  const errors = [{ pointer: 'Idempotency-Key', detail: '1 to 255 visible ASCII characters' }];
  throw new DomainError('validation-failed', 'the idempotency key breaks a rule', { errors });
}
