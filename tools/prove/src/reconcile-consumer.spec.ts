import { describe, expect, it } from '@jest/globals';
import type { Census, Consumption } from './census.ts';
import { reconcileConsumer } from './reconcile-consumer.ts';
import { agreeingCensus } from './testing/agreeing-census.ts';

type Consumers = Record<'fulfillment' | 'loyalty' | 'audit', Consumption>;
type Change = (consumers: Consumers, census: Census) => unknown;

function findingsAfter(...changes: Change[]): string[] {
  const census = agreeingCensus();
  const consumers = Object.fromEntries(census.consumers.map((each) => [each.name, each])) as Consumers;
  for (const change of changes) change(consumers, census);
  return census.consumers.flatMap((consumer) => reconcileConsumer(consumer, census).findings);
}

/** Cancels the order in every place. */
const cancel: Change = ({ fulfillment, loyalty, audit }, { orders, log }) => {
  orders[0]!.status = 'CANCELED';
  log.push({ id: 'e2', type: 'orders.canceled', producer: 'orders', order: 'o1' });
  for (const { inbox, effects } of [fulfillment, loyalty, audit]) {
    inbox.add('e2');
    if (effects) effects[0]!.events = 2;
  }
  fulfillment.effects![0]!.canceled = true;
};

const poison: Change = (_consumers, { stream }) =>
  stream.poison.push({ address: 'ORDERS/7', subject: 'orders.created', order: 'rogue' });
const refused = { address: 'ORDERS/7', poison: true, error: 'x' };

describe('a consumer', () => {
  it.each<[string, Change[]]>([
    ['every effect', []],
    ['both effects of a canceled order', [cancel]],
    [
      'only the events that it consumes',
      [
        cancel,
        ({ loyalty }) => {
          loyalty.consumes = ['orders.created'];
          loyalty.effects![0]!.events = 1;
          loyalty.inbox.delete('e2');
        },
      ],
    ],
    [
      'applied poison that matches its schema, which others refuse',
      [
        poison,
        ({ fulfillment, loyalty, audit }) => {
          for (const { deadLetters } of [fulfillment, audit]) deadLetters.push(refused);
          loyalty.effects!.push({ id: 'rogue', events: 1 });
        },
      ],
    ],
  ])('may have %s', (_name, changes) => {
    expect(findingsAfter(...changes)).toEqual([]);
  });

  it.each<[string, string, Change]>([
    [
      'that has lost an effect',
      'I6 loyalty: order o1 lacks an effect',
      ({ loyalty }) => {
        loyalty.effects!.pop();
        loyalty.inbox.clear(); // is not reported a second time
      },
    ],
    [
      'that has doubled one',
      'I6 loyalty: order o1 has had 2 effects of 1 events',
      ({ loyalty }) => (loyalty.effects![0]!.events = 2),
    ],
    [
      'that has an effect without an order',
      'I6 loyalty: there is an effect for order o2, which does not exist',
      ({ loyalty }) => loyalty.effects!.push({ id: 'o2', events: 1 }),
    ],
    [
      'that applied an event which it does not consume',
      'I6 loyalty: order o1 has had 1 effects of 0 events',
      ({ loyalty }) => (loyalty.consumes = ['orders.canceled']),
    ],
    [
      'whose effect is another one',
      'I6 fulfillment: the effect of order o1 differs from the order',
      ({ fulfillment }) => (fulfillment.effects![0]!.totalCents = 29),
    ],
    [
      'that takes an order for canceled',
      'I6 fulfillment: the effect of order o1 differs from the order',
      ({ fulfillment }) => (fulfillment.effects![0]!.canceled = true),
    ],
    [
      'whose effect stands without its inbox entry',
      'I6 loyalty: event e1 of the log is not in its inbox',
      ({ loyalty }) => loyalty.inbox.clear(),
    ],
    [
      'that shows no effects and has lost an event',
      'I6 audit: event e1 of the log is not in its inbox',
      ({ audit }) => audit.inbox.clear(),
    ],
    [
      'that has refused an event of ours',
      'I6 loyalty: an event of ours (ORDERS/1) became a dead letter: x',
      ({ loyalty }) => loyalty.deadLetters.push({ address: 'ORDERS/1', poison: false, error: 'x' }),
    ],
    [
      'that has dropped poison',
      'I6 loyalty: the poison at ORDERS/7 is no dead letter',
      (consumers, census) => {
        poison(consumers, census);
        for (const name of ['fulfillment', 'audit'] as const) consumers[name].deadLetters.push(refused);
      },
    ],
  ])('%s is reported', (_name, expected, change) => {
    expect(findingsAfter(change)).toEqual([expected]);
  });
});
