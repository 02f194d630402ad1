import { expect } from '@jest/globals';
import type { System } from '../src/stack/system.ts';
import { until } from '../src/stack/until.ts';
import { type Census, census, isApplied } from './census.ts';
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

/** Every acknowledged order is stored, published and applied in every app, once, and nothing else is. */
export async function expectNothingLost(system: System, acknowledged: readonly string[]): Promise<void> {
  const end = await censusOnceApplied(system);
  expect(acknowledged.filter((id) => !end.orders.includes(id))).toEqual([]);
  expectAllAgree(end);
}

/** The places where orders are, once every order has taken effect. @throws when that takes longer than 40 s */
export function censusOnceApplied(system: System): Promise<Census> {
  return until(
    async () => {
      const now = await census(system);
      return isApplied(now) ? now : undefined;
    },
    { timeoutMs: 40_000, everyMs: 250, what: 'every effect' },
  );
}

/** Orders, events and the effects of each app are of the same orders, and no effect is double. */
export function expectAllAgree({ orders, created, effects, doubleEffects }: Census): void {
  expect(created).toEqual(orders);
  expect(Object.keys(effects)).not.toEqual([]);
  for (const [app, applied] of Object.entries(effects))
    expect({ app, applied }).toEqual({ app, applied: orders });
  expect(doubleEffects).toEqual([]);
}
