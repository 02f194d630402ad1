import { APPS, type AppDeclaration } from '@orders/dev/stack/declarations';
import { consumersOf, type Consumer } from '@orders/dev/stack/event-flow';

/** One value for each consumer, by its name. */
export type PerConsumer<T> = Record<string, T>;

/** Time from the commit of an order to the commit of its effect. */
export interface Lag {
  p50Ms: number;
  p99Ms: number;
}

/** What one consumer did with the orders of a load. */
export interface Consumed {
  effects: number;
  lag: Lag;
}

/** The apps that consume new orders. */
export function consumersOfOrders(apps: readonly AppDeclaration[]): Consumer[] {
  return consumersOf(apps).filter(({ consumes }) => consumes.includes('orders.created'));
}

/** The consumers of new orders in this workspace. */
export const CONSUMERS = consumersOfOrders(APPS);

/** The label of a consumer's figure, with its name when there are several consumers. */
export function ofConsumer(what: string, name: string, consumers: readonly unknown[] = CONSUMERS): string {
  return consumers.length === 1 ? what : `${what}, ${name}`;
}

/** The fewest effects and the longest lags of all consumers. */
export function worstOf(consumers: PerConsumer<Consumed>): Consumed {
  const all = Object.values(consumers);
  const lags = all.map(({ lag }) => lag);
  return {
    effects: Math.min(...all.map(({ effects }) => effects)),
    lag: {
      p50Ms: Math.max(...lags.map(({ p50Ms }) => p50Ms)),
      p99Ms: Math.max(...lags.map(({ p99Ms }) => p99Ms)),
    },
  };
}
