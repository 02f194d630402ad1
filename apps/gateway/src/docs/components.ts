import { PROBLEMS } from '@orders/contracts';
import { z } from 'zod';
import { createOrderBody, orderBody } from '../orders/order.schema.js';
import { EXAMPLE_ID } from './examples.js';
import { headerComponents } from './headers.js';

type Kind = 'parameters' | 'schemas';

/** A valid id from the client, which is used unchanged. */
const SANE_ID = { type: 'string', pattern: '^[A-Za-z0-9._-]{1,128}$' };

export const ref = (kind: Kind, name: string) => ({ $ref: `#/components/${kind}/${name}` });

export const components = {
  securitySchemes: {
    accessToken: {
      type: 'http',
      scheme: 'bearer',
      bearerFormat: 'JWT',
      description:
        'Scopes: `orders:read`, `orders:write`; `orders:admin` on top of them, for the orders of all customers.',
    },
  },
  parameters: {
    OrderId: {
      name: 'id',
      in: 'path',
      required: true,
      schema: { type: 'string', format: 'uuid' },
      example: EXAMPLE_ID,
    },
    RequestId: {
      name: 'X-Request-Id',
      in: 'header',
      description: 'Names the request in answers and logs; made when absent or of another form.',
      schema: SANE_ID,
    },
    CorrelationId: {
      name: 'X-Correlation-Id',
      in: 'header',
      description:
        'Names what the request belongs to, in answers, logs and events; that of the request when absent or of another form.',
      schema: SANE_ID,
    },
  },
  headers: headerComponents,
  schemas: {
    CreateOrder: z.toJSONSchema(createOrderBody, { io: 'input' }),
    // As input, hence open: clients with an older document must accept answers with new fields.
    Order: z.toJSONSchema(orderBody, { io: 'input' }),
    OrderPage: {
      type: 'object',
      required: ['orders', 'nextCursor'],
      properties: {
        orders: { type: 'array', items: ref('schemas', 'Order') },
        nextCursor: { type: ['string', 'null'] },
      },
    },
    Problem: {
      type: 'object',
      required: ['type', 'title', 'status', 'detail'],
      properties: {
        type: { type: 'string', enum: Object.keys(PROBLEMS).map((code) => `urn:problem:orders:${code}`) },
        title: { type: 'string' },
        status: { type: 'integer', minimum: 400, maximum: 599 },
        detail: { type: 'string' },
        errors: {
          type: 'array',
          items: {
            type: 'object',
            required: ['pointer', 'detail'],
            properties: { pointer: { type: 'string' }, detail: { type: 'string' } },
          },
        },
        errorsOmitted: {
          type: 'integer',
          minimum: 1,
          description: 'How many more errors there are than `errors` lists; absent when it lists all',
        },
        requestId: { type: 'string' },
        traceId: { type: 'string', pattern: '^[0-9a-f]{32}$' },
      },
    },
  },
};
