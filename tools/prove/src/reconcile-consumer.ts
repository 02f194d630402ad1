import type {
  Census,
  Consumption,
  Effect,
  LoggedEvent,
  Poison,
  StoredOrder,
  StreamContent,
} from './census.ts';
import { ORDER_CANCELED } from './store.ts';

/** How what a consumer has taken differs from what it had to take. */
export interface Taken {
  /** The beginning of each finding. */
  label: string;
  findings: string[];
  /** Orders that lack an effect; of a consumer without a table of effects, events that are not in its inbox. */
  missing: number;
  double: number;
  phantom: number;
}

/** Compares effects, inbox and dead letters of a consumer with orders, log and stream (I6). */
export function reconcileConsumer(consumer: Consumption, census: Census): Taken {
  const wanted = census.log.filter(({ type }) => consumer.consumes.includes(type));
  const effects = reconcileEffects(consumer, wanted, census);
  const unnoted = wanted.filter(({ id, order }) => !consumer.inbox.has(id) && !effects.missing.has(order));
  const label = `I6 ${consumer.name}:`;
  const findings = [
    ...effects.findings,
    ...unnoted.map(({ id }) => `event ${id} of the log is not in its inbox`),
    ...deadLetterFindings(consumer, census.stream),
  ];
  return {
    label,
    findings: findings.map((finding) => `${label} ${finding}`),
    missing: consumer.effects ? effects.missing.size : unnoted.length,
    double: effects.double,
    phantom: effects.phantom,
  };
}

function reconcileEffects(
  { consumes, effects }: Consumption,
  wanted: readonly LoggedEvent[],
  { orders, stream }: Census,
) {
  if (!effects) return { missing: new Set<string>(), double: 0, phantom: 0, findings: [] };
  const byId = new Map(orders.map((order) => [order.id, order]));
  const byOrder = new Map(effects.map((effect) => [effect.id, effect]));
  const expected = new Map<string, number>();
  for (const { order } of wanted) if (byId.has(order)) expected.set(order, (expected.get(order) ?? 0) + 1);
  const poisonous = new Set(stream.poison.map(({ order }) => order));

  const seesCancellations = consumes.includes(ORDER_CANCELED);
  const missing = [...expected].filter(([id, count]) => (byOrder.get(id)?.events ?? 0) < count);
  const phantom = effects.filter(({ id }) => !byId.has(id) && !poisonous.has(id));
  const double = effects.filter(({ id, events }) => byId.has(id) && events > (expected.get(id) ?? 0));
  const wrong = effects.filter((effect) => isWrong(effect, byId.get(effect.id), seesCancellations));
  return {
    missing: new Set(missing.map(([id]) => id)),
    double: double.length,
    phantom: phantom.length,
    findings: [
      ...missing.map(([id]) => `order ${id} lacks an effect`),
      ...phantom.map(({ id }) => `there is an effect for order ${id}, which does not exist`),
      ...double.map(
        ({ id, events }) => `order ${id} has had ${events} effects of ${expected.get(id) ?? 0} events`,
      ),
      ...wrong.map(({ id }) => `the effect of order ${id} differs from the order`),
    ],
  };
}

/** Fields that its table lacks are not compared, nor is a cancellation when it does not consume that event. */
function isWrong(effect: Effect, order: StoredOrder | undefined, seesCancellations: boolean): boolean {
  if (!order) return false;
  const differs = <T>(kept: T | undefined, wanted: T): boolean => kept !== undefined && kept !== wanted;
  return (
    differs(effect.customer, order.customer) ||
    differs(effect.units, order.units) ||
    differs(effect.totalCents, order.totalCents) ||
    (seesCancellations && differs(effect.canceled, order.status === 'CANCELED'))
  );
}

/** Poison must be a dead letter, and nothing else may be one. */
function deadLetterFindings(consumer: Consumption, stream: StreamContent): string[] {
  return [
    ...consumer.deadLetters
      .filter(({ poison }) => !poison)
      .map(({ address, error }) => `an event of ours (${address}) became a dead letter: ${error}`),
    ...unsettledPoison(consumer, stream).map(({ address }) => `the poison at ${address} is no dead letter`),
  ];
}

/** Poison that the consumer neither refused nor applied. It may apply some: that matches its schema. */
export function unsettledPoison(
  { consumes, effects = [], deadLetters }: Consumption,
  { poison }: StreamContent,
): Poison[] {
  const addresses = new Set(deadLetters.filter(({ poison }) => poison).map(({ address }) => address));
  const applied = new Set(effects.map(({ id }) => id));
  return poison.filter(
    ({ address, subject, order }) =>
      consumes.includes(subject) && !addresses.has(address) && !applied.has(order ?? ''),
  );
}
