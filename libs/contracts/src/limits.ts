/** Bounds of an order, the same at the edge, in the aggregate and in the documents. */
export const ORDER_LIMITS = {
  /** Items in one order; at least one. */
  maxItems: 100,
  /** Units of one item; at least one. */
  maxQuantity: 1_000,
  /** UTF-16 code units of a stock keeping unit; at least one. */
  maxSkuLength: 64,
  /** Cents of an order in total: what JSON numbers carry exactly (RFC 8259 section 6). */
  maxTotalCents: Number.MAX_SAFE_INTEGER,
  /** Characters of a customer id; at least one. */
  maxCustomerIdLength: 128,
  /** Orders in one CreateOrders call. */
  maxBatch: 500,
  /** Orders on one page. */
  maxPage: 100,
  /** Orders on a page when nothing is said. */
  defaultPage: 20,
} as const;

/** An idempotency key: 1 to 255 visible ASCII characters. */
export const IDEMPOTENCY_KEY_PATTERN = /^[\x21-\x7e]{1,255}$/;

/**
 * True when `text` can be stored and logged as it is: no control characters (C0, DEL, C1; NUL is among them)
 * and no lone surrogates.
 */
export function isPlainText(text: string): boolean {
  return text.isWellFormed() && !/\p{Cc}/u.test(text);
}

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** The id of an order in its canonical form, lower case; undefined when `text` is no UUID. */
export function parseOrderId(text: string): string | undefined {
  return UUID.test(text) ? text.toLowerCase() : undefined;
}

/**
 * What may become of an order. None is PENDING today: that is reserved for orders that have to wait for something before
 * they are accepted, since whoever checks against the published schema would refuse a status that is added later.
 */
export const ORDER_STATUSES = ['PENDING', 'CREATED', 'CANCELED'] as const;

export type OrderStatus = (typeof ORDER_STATUSES)[number];
