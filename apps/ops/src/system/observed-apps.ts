/** What an app declares in its `app.json`, as far as the page draws and asks it. */
export interface ObservedApp {
  readonly name: string;
  /** Whether it takes the requests of customers. */
  readonly front: boolean;
  readonly database: boolean;
  readonly serves: readonly string[];
  readonly calls: readonly string[];
  readonly publishes: readonly string[];
  readonly consumes: readonly string[];
  /** The path at its HTTP port that shows the effect of an order, with `{orderId}` in it. */
  readonly effect?: string;
}

// generated from apps/NAME/app.json by `npm run generate`: observed apps
export const OBSERVED_APPS: readonly ObservedApp[] = [
  {
    name: 'gateway',
    front: true,
    database: false,
    serves: [],
    calls: ['orders.v1.Orders'],
    publishes: [],
    consumes: [],
  },
  {
    name: 'orders',
    front: false,
    database: true,
    serves: ['orders.v1.Orders', 'orders.v1.OrderHistory'],
    calls: [],
    publishes: ['orders.created', 'orders.canceled'],
    consumes: [],
  },
  {
    name: 'fulfillment',
    front: false,
    database: true,
    serves: ['inbox.v1.Inbox'],
    calls: [],
    publishes: [],
    consumes: ['orders.created', 'orders.canceled'],
    effect: '/shipments/{orderId}',
  },
];
// end of observed apps
