import { expect } from '@jest/globals';
import type { System } from '../src/stack/system.ts';
import { until } from '../src/stack/until.ts';
import { census } from './census.ts';
import type { Customer } from './client.ts';

/** Clients that order without a pause until told to stop; each repeats an order until it has a definite answer. */
export function customersOrdering(customer: Customer, count: number) {
  const acknowledged: string[] = [];
  let ordering = true;
  const loop = async () => {
    while (ordering) {
      const { status, body } = await customer.orderUntilSure();
      expect(status).toBe(201);
      acknowledged.push(body.id);
    }
  };
  const loops = Array.from({ length: count }, loop);
  return {
    acknowledged,
    /** Resolves when `count` orders more have been acknowledged. */
    more: async (count: number) => {
      const before = acknowledged.length;
      const wanted = async () => acknowledged.length >= before + count;
      await until(wanted, { timeoutMs: 30_000, what: `${count} more orders` });
    },
    stop: async () => {
      ordering = false;
      await Promise.all(loops);
    },
  };
}

/** Every acknowledged order is stored, published and applied, once, and nothing else is. */
export async function expectNothingLost(system: System, acknowledged: readonly string[]): Promise<void> {
  const end = await until(
    async () => {
      const now = await census(system);
      return now.effects.length >= now.orders.length && now.created.length >= now.orders.length
        ? now
        : undefined;
    },
    { timeoutMs: 40_000, everyMs: 250, what: 'every effect' },
  );
  expect(acknowledged.filter((id) => !end.orders.includes(id))).toEqual([]);
  expect(end.created).toEqual(end.orders);
  expect(end.effects).toEqual(end.orders);
  expect(end.doubleEffects).toBe(0);
}
