import { appDeclaration, type AppDeclaration } from '@orders/contracts/declaration';

function declared(name: string, over: Partial<AppDeclaration>): AppDeclaration {
  const none = { serves: [], calls: [], publishes: [], consumes: [] };
  return appDeclaration.parse({ name, ports: { management: 9_100 }, database: true, ...none, ...over });
}

const ORDER_EVENTS = ['orders.created', 'orders.canceled'];

/** The apps of another workspace: with a second producer and a second consumer, in the order in which they stop. */
export const EXAMPLE_APPS: readonly AppDeclaration[] = [
  declared('gateway', {
    ports: { http: 3_000, management: 9_100 },
    database: false,
    tokens: true,
    calls: ['orders.v1.Orders', 'orders.v1.Reports', 'payments.v1.Payments'],
  }),
  declared('orders', { serves: ['orders.v1.Orders', 'orders.v1.Reports'], publishes: ORDER_EVENTS }),
  declared('fulfillment', { consumes: ORDER_EVENTS, effect: '/shipments/{orderId}' }),
  declared('payments', {
    serves: ['payments.v1.Payments'],
    publishes: ['payments.settled'],
    consumes: ['orders.created'],
  }),
  declared('loyalty', { consumes: ['orders.created', 'payments.settled'], effect: '/points/{orderId}' }),
];
