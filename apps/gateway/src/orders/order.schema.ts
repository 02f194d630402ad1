import { isPlainText, ORDER_LIMITS, ORDER_STATUSES } from '@orders/contracts';
import type { ordersV1 } from '@orders/rpc';
import { z } from 'zod';

const plain = (max: number) =>
  z.string().min(1).max(max).refine(isPlainText, 'holds control characters or lone surrogates');

const item = z.strictObject({
  sku: plain(ORDER_LIMITS.maxSkuLength).meta({ description: 'Stock keeping unit, stored exactly as given' }),
  quantity: z.int().min(1).max(ORDER_LIMITS.maxQuantity),
  priceCents: z.int().min(0).meta({ description: 'Price of one unit in cents' }),
});

/** The body of `POST /orders`; the API document is built from it too. */
export const createOrderBody = z.strictObject({
  customerId: plain(ORDER_LIMITS.maxCustomerIdLength)
    .optional()
    .meta({ description: "Default: the token's subject. Another one needs the scope orders:admin." }),
  items: z
    .array(item)
    .min(1)
    .max(ORDER_LIMITS.maxItems)
    .refine(totalIsExact, `costs more than ${ORDER_LIMITS.maxTotalCents} cents in total`),
});

export type CreateOrderBody = z.output<typeof createOrderBody>;

/** The query of `GET /orders`. */
export const listOrdersQuery = z.strictObject({
  limit: z
    .string()
    .regex(/^[1-9]\d{0,2}$/, `must be a whole number from 1 to ${ORDER_LIMITS.maxPage}`)
    .transform(Number)
    .pipe(z.number().max(ORDER_LIMITS.maxPage))
    .default(ORDER_LIMITS.defaultPage),
  cursor: z
    .string()
    .regex(/^[A-Za-z0-9_-]{1,512}$/, 'must be the nextCursor of the page before')
    .optional(),
  customerId: plain(ORDER_LIMITS.maxCustomerIdLength).optional(),
});

export type ListOrdersQuery = z.output<typeof listOrdersQuery>;

/** The body of `POST /orders/:id/cancel`: none, or an empty object. */
export const cancelOrderBody = z.strictObject({}).optional();

/** An order in an answer. */
export const orderBody = z.object({
  id: z.uuid(),
  customerId: z.string(),
  items: z.array(z.object({ sku: z.string(), quantity: z.int(), priceCents: z.int() })),
  totalCents: z.int().min(0),
  status: z.enum(ORDER_STATUSES),
  createdAt: z.iso.datetime(),
  version: z.int().min(1),
});

/** The fields of {@link orderBody} with the values of orders.v1. */
export type OrderBody = Pick<ordersV1.Order, keyof z.output<typeof orderBody>>;

/** Built field by field: a new field of the message is answered only when the schema has it. */
export function toOrderBody(order: ordersV1.Order): OrderBody {
  return {
    id: order.id,
    customerId: order.customerId,
    items: order.items.map(({ sku, quantity, priceCents }) => ({ sku, quantity, priceCents })),
    totalCents: order.totalCents,
    status: order.status,
    createdAt: order.createdAt,
    version: order.version,
  };
}

/**
 * Whether the total fits a JSON number. Doubles are exact up to 2^53-1 and round monotonically above it, so a partial sum
 * beyond the safe integers is detected.
 */
function totalIsExact(items: readonly { quantity: number; priceCents: number }[]): boolean {
  let total = 0;
  for (const { quantity, priceCents } of items) {
    total += quantity * priceCents;
    if (!Number.isSafeInteger(total)) return false;
  }
  return true;
}
