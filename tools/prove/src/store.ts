/** The app that stores what clients order: in its table `orders`, of the database that has its name too. */
export const STORE = 'orders';

/** What it publishes of each order. */
export const ORDER_PLACED = 'orders.created';

/** What it publishes of one that was canceled. */
export const ORDER_CANCELED = 'orders.canceled';
