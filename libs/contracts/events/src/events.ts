import { ORDER_STATUSES } from '@orders/contracts/limits';
import { z } from 'zod';

// Imports only what Node runs from source, because scripts/schemas.ts does.

/** At least one character and no control character, as `isPlainText` demands at the edge. */
const plainText = z
  .string()
  // eslint-disable-next-line no-control-regex -- it refuses them; many validators of JSON Schema do not support \p{Cc}
  .regex(/^[^\x00-\x1f\x7f-\x9f]+$/, 'must be text without control characters');

/** An order in the data of an event. Consumers must ignore unknown fields. */
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

/** The contract of one type of event. */
export interface EventContract<Data> {
  /** CloudEvents type; also the NATS subject. */
  readonly type: string;
  /** URN of the JSON Schema of the data; the `dataschema` attribute. Changes only with an incompatible change. */
  readonly dataschema: string;
  readonly schema: z.ZodType<Data>;
}

/** An order was stored. The `sequence` of this event is 1. */
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

/** File name of a schema, without its ending: `orders.created.v1` for `urn:schema:orders.created:v1`. */
export function schemaName(dataschema: string): string {
  return dataschema.replace(/^urn:schema:/, '').replace(/:(v\d+)$/, '.$1');
}

/** The CloudEvents `source` of the orders service. */
export const ORDERS_SOURCE = 'urn:service:orders';
