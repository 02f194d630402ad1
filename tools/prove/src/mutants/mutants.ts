import { UsageError } from '@orders/dev/bootstrap/problem.mjs';
import { CONSUMER_MUTANTS } from './consumer-mutants.ts';
import { GATEWAY_MUTANTS } from './gateway-mutants.ts';
import type { Mutant } from './mutant.ts';
import { ORDERS_MUTANTS } from './orders-mutants.ts';
import { RELAY_MUTANTS } from './relay-mutants.ts';

/**
 * Every bug that the proof must catch, in the order of a request. Two are left out because they break no promise: a publish
 * without message id (inboxes drop duplicates) and a lease that anybody can take (the cursor moves by compare-and-swap).
 */
export const MUTANTS: readonly Mutant[] = [
  ...GATEWAY_MUTANTS,
  ...ORDERS_MUTANTS,
  ...RELAY_MUTANTS,
  ...CONSUMER_MUTANTS,
];

/** @throws UsageError that lists the known names */
export function mutantNamed(name: string): Mutant {
  const mutant = MUTANTS.find((known) => known.name === name);
  if (mutant) return mutant;
  throw new UsageError(`No mutant is called "${name}": ${MUTANTS.map((known) => known.name).join(', ')}`);
}
