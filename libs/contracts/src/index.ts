export * from './events.js';
export * from './limits.js';
export * from './problems.js';
export * as ordersV1 from './gen/orders/v1/orders.js';
