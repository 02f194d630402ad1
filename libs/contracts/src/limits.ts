/** Limits of an order, shared by the edge, the aggregate and the OpenAPI document. */
export const ORDER_LIMITS = {
  /** Most items in an order; the least is 1. */
  maxItems: 100,
  /** Most units of an item; the least is 1. */
  maxQuantity: 1_000,
  /** Most UTF-16 code units of a stock keeping unit; the least is 1. */
  maxSkuLength: 64,
  /** Highest total of an order, in cents: larger integers are not exact in JSON (RFC 8259 section 6). */
  maxTotalCents: Number.MAX_SAFE_INTEGER,
  /** Most characters of a customer id; the least is 1. */
  maxCustomerIdLength: 128,
  /** Most orders in a CreateOrders or GetOrders call. */
  maxBatch: 500,
  /** Most pages in a ListPages call. */
  maxPagesInBatch: 64,
  /** Most bytes of an order as a message of orders.v1, with 3 bytes for a UTF-16 code unit. */
  maxMessageBytes: 100 * (3 * 64 + 24) + 1_000,
  /** Most orders on a page. */
  maxPage: 100,
  /** Orders on a page by default. */
  defaultPage: 20,
} as const;

/** An idempotency key: 1 to 255 visible ASCII characters. */
export const IDEMPOTENCY_KEY_PATTERN = /^[\x21-\x7e]{1,255}$/;

/**
 * Can `text` be stored and logged unchanged? It must have no control characters (C0, including NUL, DEL and C1) and no
 * lone surrogates.
 */
export function isPlainText(text: string): boolean {
  return text.isWellFormed() && !/\p{Cc}/u.test(text);
}

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** The id of an order in its canonical form, which is lower case; undefined when `text` is not a UUID. */
export function parseOrderId(text: string): string | undefined {
  return UUID.test(text) ? text.toLowerCase() : undefined;
}

/**
 * The statuses of an order. No order is PENDING today. It is reserved for orders that must wait before they are accepted,
 * because consumers that validate by the published schema would refuse a status that is added later.
 */
export const ORDER_STATUSES = ['PENDING', 'CREATED', 'CANCELED'] as const;

export type OrderStatus = (typeof ORDER_STATUSES)[number];
