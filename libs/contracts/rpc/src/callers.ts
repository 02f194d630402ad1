/**
 * The apps that call each gRPC service, or a single RPC of it: `calls` of their declarations. A server allows a call to no
 * other identity.
 */
// generated from apps/NAME/app.json by `npm run generate`: callers
export const CALLERS: Readonly<Record<string, readonly string[]>> = {
  'orders.v1.Orders': ['gateway'],
  'orders.v1.Orders/GetOrder': ['ops'],
  'orders.v1.Orders/ListOrders': ['ops'],
};
// end of callers
