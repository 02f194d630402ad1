/** The app that stores the orders, in the table `orders` of the database with its name. */
export const STORE = 'orders';

/** The event that it publishes for each order. */
export const ORDER_PLACED = 'orders.created';

/** The event that it publishes for a canceled order. */
export const ORDER_CANCELED = 'orders.canceled';
