import { expect } from '@jest/globals';
import type { System } from '@orders/dev/stack/system';
import { until } from '@orders/dev/stack/until';
import { type Census, census, isApplied } from './census.ts';
import { type Customer, pause } from './client.ts';

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
    more: (count: number) => grown(acknowledged, count),
    stop: async () => {
      ordering = false;
      await Promise.all(loops);
    },
  };
}

/** Clients that order until told to stop, each order once: whatever is not acknowledged at its first try has failed. */
export function customersOrderingOnce(customer: Customer, count: number) {
  const failed: string[] = [];
  const acknowledged: string[] = [];
  let ordering = true;
  const loop = async () => {
    while (ordering) {
      const answer = await customer.order().catch((error: Error) => error);
      // What a failed fetch hides in its cause, too.
      if (answer instanceof Error) failed.push(`${answer.message}: ${String(answer.cause)}`);
      else if (answer.status !== 201) failed.push(`${answer.status} ${JSON.stringify(answer.body)}`);
      else acknowledged.push(answer.body.id);
      await pause(20);
    }
  };
  const loops = Array.from({ length: count }, loop);
  return {
    failed,
    acknowledged,
    /** Resolves when `count` orders more have been acknowledged. */
    more: (count: number) => grown(acknowledged, count),
    stop: async () => {
      ordering = false;
      await Promise.all(loops);
    },
  };
}

async function grown(acknowledged: readonly string[], count: number): Promise<void> {
  const before = acknowledged.length;
  const isLonger = async () => acknowledged.length >= before + count;
  await until(isLonger, { timeoutMs: 30_000, what: `${count} more orders` });
}

/** These orders and no others are stored, published and applied in every app, once. */
export async function expectExactly(system: System, acknowledged: readonly string[]): Promise<void> {
  const end = await censusOnceApplied(system);
  expect(end.orders).toEqual(acknowledged.toSorted());
  expectAllAgree(end);
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
