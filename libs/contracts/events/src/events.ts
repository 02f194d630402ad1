import { ORDER_STATUSES } from '@orders/contracts/limits';
import { z } from 'zod';

// Imports what runs from source: scripts/schemas.ts does.

/** At least one character and no control character, as `isPlainText` wants it at the edge. */
const plainText = z
  .string()
  // eslint-disable-next-line no-control-regex -- they are what it is about; \p{Cc} is unknown to many who read the schemas
  .regex(/^[^\x00-\x1f\x7f-\x9f]+$/, 'must be text without control characters');

/** An order as consumers see it. Consumers must ignore fields that they do not know. */
export const orderSnapshot = z
  .object({
    id: z.uuid(),
    customerId: plainText,
    items: z
      .array(
        z.object({
          sku: plainText,
          quantity: z.int().positive(),
          priceCents: z.int().nonnegative(),
        }),
      )
      .min(1),
    totalCents: z.int().nonnegative(),
    status: z.enum(ORDER_STATUSES),
    createdAt: z.iso.datetime(),
    version: z.int().positive(),
  })
  .meta({ description: 'The order as it was right after the event' });

export type OrderSnapshot = z.infer<typeof orderSnapshot>;

/** One kind of event: its CloudEvents type, which is its NATS subject too, and the schema of its data. */
export interface EventContract<Data> {
  readonly type: string;
  /** Where the JSON Schema of the data lies; the `dataschema` attribute. Changes only with an incompatible change. */
  readonly dataschema: string;
  readonly schema: z.ZodType<Data>;
}

/** An order was stored. Its `sequence` is 1. */
export const ordersCreated: EventContract<OrderSnapshot> = {
  type: 'orders.created',
  dataschema: 'urn:schema:orders.created:v1',
  schema: orderSnapshot,
};

/** An order was cancelled. */
export const ordersCanceled: EventContract<OrderSnapshot> = {
  type: 'orders.canceled',
  dataschema: 'urn:schema:orders.canceled:v1',
  schema: orderSnapshot,
};

/** Every event that this system publishes. */
export const EVENTS = [ordersCreated, ordersCanceled] as const;

/** The name of a schema's file: that of `urn:schema:orders.created:v1` is `orders.created.v1`. */
export function schemaName(dataschema: string): string {
  return dataschema.replace(/^urn:schema:/, '').replace(/:(v\d+)$/, '.$1');
}

/** The CloudEvents `source` of the orders service. */
export const ORDERS_SOURCE = 'urn:service:orders';
