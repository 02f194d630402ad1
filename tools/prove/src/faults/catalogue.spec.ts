import { describe, expect, it } from '@jest/globals';
import { EXAMPLE_APPS } from '@orders/dev/testing/example-apps';
import { faultsOf } from './catalogue.ts';

const targets = Object.fromEntries(faultsOf(EXAMPLE_APPS).map((fault) => [fault.name, fault.targets]));
const DATABASES = ['orders', 'fulfillment', 'payments', 'loyalty'];
const APPS = ['gateway', ...DATABASES];

describe('the faults of a workspace', () => {
  it('meet every app', () => {
    expect(targets['rolling restart']).toEqual(APPS);
    for (const kind of ['kill -9', 'freeze'])
      expect(targets[kind]).toEqual(expect.arrayContaining([...APPS, ...APPS.map((app) => `every ${app}`)]));
  });

  it('meet every database, and the tables that events and effects go through', () => {
    for (const kind of ['backends terminated', 'queries cancelled', 'transaction left open'])
      expect(targets[kind]).toEqual(DATABASES);
    expect(targets['deadlocks']).toEqual(['orders', 'fulfillment', 'loyalty']);
    expect(targets['table locked']).toEqual([
      ...['orders.orders', 'orders.outbox', 'orders.outbox_cursor'],
      ...['fulfillment.shipments', 'fulfillment.inbox'],
      ...['payments.outbox', 'payments.outbox_cursor', 'payments.inbox'],
      ...['loyalty.points', 'loyalty.inbox'],
    ]);
  });

  it('meet every edge', () => {
    for (const kind of ['cut', 'black hole', 'latency'])
      expect(targets[kind]).toEqual(
        expect.arrayContaining(['client-gateway', 'gateway-payments', 'payments-nats', 'loyalty-postgres']),
      );
  });

  it('crash each producer and each consumer where half-done work could be lost', () => {
    expect(targets['crash at a point']).toEqual(
      expect.arrayContaining([
        'payments-relay-after-publish',
        'payments-before-commit',
        'loyalty-before-commit',
        'loyalty-after-commit',
      ]),
    );
    expect(targets['crash at a point']).not.toContain('loyalty-relay-after-publish');
  });

  it('meet the leader of every stream in a cluster', () => {
    for (const kind of ['node killed', 'node wiped', 'node cut off', 'most nodes stopped'])
      expect(targets[kind]).toEqual(['leader of ORDERS', 'leader of PAYMENTS', 'any node']);
  });

  it('cut the stream short, alone and together with each of its readers', () => {
    expect(targets['stream cut short']).toEqual([
      'nats-server',
      'nats-server and every fulfillment',
      'nats-server and every payments',
      'nats-server and every loyalty',
    ]);
  });
});
