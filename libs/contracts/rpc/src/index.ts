export { CALLERS } from './callers.js';
export * as ordersV1 from './gen/orders/v1/orders.js';
