import { describe, expect, it } from '@jest/globals';
import { EXAMPLE_APPS } from '@orders/dev/testing/example-apps';
import { edgesOf } from './edges.ts';

describe('the edges', () => {
  it('are what the apps declare: who takes requests, who calls whom, who has a database, who uses events', () => {
    expect(edgesOf(EXAMPLE_APPS).map(({ name }) => name)).toEqual([
      'client-gateway',
      'gateway-orders', // once, though it calls two services of it
      'gateway-payments',
      'orders-postgres',
      'orders-nats',
      'fulfillment-postgres',
      'fulfillment-nats',
      'payments-postgres',
      'payments-nats',
      'loyalty-postgres',
      'loyalty-nats',
    ]);
  });

  it('name the variables that hold the addresses to connect to', () => {
    const configuredBy = Object.fromEntries(
      edgesOf(EXAMPLE_APPS).map((edge) => [edge.name, edge.configuredBy]),
    );
    expect(configuredBy).toMatchObject({
      'client-gateway': undefined,
      'gateway-payments': { app: 'gateway', variables: ['PAYMENTS_ADDRESS'] },
      'orders-postgres': { app: 'orders', variables: ['DATABASE_URL', 'RELAY_DATABASE_URL'] },
      'loyalty-postgres': { app: 'loyalty', variables: ['DATABASE_URL'] },
      'loyalty-nats': { app: 'loyalty', variables: ['NATS_URL'] },
    });
  });
});
