export { CALLERS } from './callers.js';
export * as inboxV1 from './gen/inbox/v1/inbox.js';
export * as orderHistoryV1 from './gen/orders/v1/order_history.js';
export * as ordersV1 from './gen/orders/v1/orders.js';
export { acceptLargeIntegers } from './large-integers.js';
