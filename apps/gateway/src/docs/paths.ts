import { ORDER_LIMITS } from '@orders/contracts';
import { z } from 'zod';
import { listOrdersQuery } from '../orders/order.schema.js';
import { ref } from './components.js';
import { EXAMPLE_KEY, EXAMPLE_ORDER, EXAMPLE_ORDER_BODY } from './examples.js';
import { json, problems, RATE_LIMIT, success } from './responses.js';

/** Problems that every operation may answer; public ones answer 429 and 503 only to requests with a token. */
const ALWAYS = ['malformed-request', 'rate-limited', 'internal', 'overloaded'] as const;
const FOR_CALLERS = [...ALWAYS, 'unauthenticated', 'forbidden', 'unavailable', 'deadline-exceeded'] as const;
const WITH_BODY = ['validation-failed', 'payload-too-large', 'unsupported-media-type'] as const;

const ids = [ref('parameters', 'RequestId'), ref('parameters', 'CorrelationId')];
const orderId = ref('parameters', 'OrderId');

const listQuery = z.toJSONSchema(listOrdersQuery, { io: 'input' }).properties as Record<string, object>;

// Not from listOrdersQuery, where it is still text.
const PAGE_SIZE = {
  type: 'integer',
  minimum: 1,
  maximum: ORDER_LIMITS.maxPage,
  default: ORDER_LIMITS.defaultPage,
};

const ORDER = json(ref('schemas', 'Order'), EXAMPLE_ORDER);
const PAGE = json(ref('schemas', 'OrderPage'), { orders: [EXAMPLE_ORDER], nextCursor: null });
const HEALTH = json(
  { type: 'object', required: ['status'], properties: { status: { const: 'ok' } } },
  { status: 'ok' },
);
const DOCUMENT = { 'application/json': { schema: { type: 'object' } } };

/** The operations, by path and method. */
export const paths = {
  '/orders': {
    post: {
      operationId: 'createOrder',
      tags: ['orders'],
      summary: 'Place an order',
      description:
        'Needs the scope `orders:write`. The answer comes after the order is stored; its event is published later.',
      security: [{ accessToken: ['orders:write'] }],
      parameters: [
        ...ids,
        {
          name: 'Idempotency-Key',
          in: 'header',
          description:
            'Identifies this order for ever: 1 to 255 visible ASCII characters, bare or in quotes.',
          schema: { type: 'string', minLength: 1, maxLength: 257, pattern: '^[!-~]+$' },
          example: EXAMPLE_KEY,
        },
      ],
      requestBody: { required: true, content: json(ref('schemas', 'CreateOrder'), EXAMPLE_ORDER_BODY) },
      responses: {
        201: success('The order is stored, now or by an earlier request with this key', ORDER, {
          always: ['ETag', ...RATE_LIMIT, 'Location', 'Idempotency-Key'],
          optional: ['Idempotent-Replayed'],
        }),
        ...problems(
          [...FOR_CALLERS, ...WITH_BODY, 'idempotency-key-in-use', 'idempotency-key-reused'],
          [...RATE_LIMIT, 'Idempotency-Key'],
        ),
      },
    },
    get: {
      operationId: 'listOrders',
      tags: ['orders'],
      summary: 'List orders, newest first',
      description: 'Needs the scope `orders:read`.',
      security: [{ accessToken: ['orders:read'] }],
      parameters: [
        ...ids,
        { name: 'limit', in: 'query', schema: PAGE_SIZE },
        {
          name: 'cursor',
          in: 'query',
          description: 'The `nextCursor` of the previous page',
          schema: listQuery['cursor'],
        },
        {
          name: 'customerId',
          in: 'query',
          description: 'Default: the caller, with any scope. Another customer needs the scope orders:admin.',
          schema: listQuery['customerId'],
        },
      ],
      responses: {
        200: success('A page', PAGE, { always: RATE_LIMIT }),
        ...problems(FOR_CALLERS, RATE_LIMIT),
      },
    },
  },
  '/orders/{id}': {
    get: {
      operationId: 'getOrder',
      tags: ['orders'],
      summary: 'Read an order',
      description: 'Needs the scope `orders:read`.',
      security: [{ accessToken: ['orders:read'] }],
      parameters: [
        orderId,
        ...ids,
        {
          name: 'If-None-Match',
          in: 'header',
          description:
            'The ETag of the order that the client has, a list of ETags, or `*`. When the order is still at one of them, strong or weak, the answer is 304 (RFC 9110).',
          schema: { type: 'string' },
          example: '"1"',
        },
      ],
      responses: {
        200: success('The order', ORDER, { always: ['ETag', ...RATE_LIMIT] }),
        304: success('The order has not changed', {}, { always: ['ETag', ...RATE_LIMIT] }),
        ...problems([...FOR_CALLERS, 'order-not-found'], RATE_LIMIT),
      },
    },
  },
  '/orders/{id}/cancel': {
    post: {
      operationId: 'cancelOrder',
      tags: ['orders'],
      summary: 'Cancel an order',
      description: 'Needs the scope `orders:write`. Cancelling a cancelled order gives it back unchanged.',
      security: [{ accessToken: ['orders:write'] }],
      parameters: [
        orderId,
        ...ids,
        {
          name: 'If-Match',
          in: 'header',
          description:
            'The ETag that the order must still have, a list of ETags of which it must have one, or `*`. Weak and foreign ETags match no order (RFC 9110).',
          schema: { type: 'string' },
          example: '"1"',
        },
      ],
      requestBody: { required: false, content: json({ type: 'object', additionalProperties: false }, {}) },
      responses: {
        200: success('The order, cancelled', ORDER, { always: ['ETag', ...RATE_LIMIT] }),
        ...problems([...FOR_CALLERS, ...WITH_BODY, 'order-not-found', 'version-mismatch'], RATE_LIMIT),
      },
    },
  },
  '/healthz': {
    get: {
      operationId: 'health',
      tags: ['service'],
      summary: 'Is the gateway there?',
      security: [],
      responses: { 200: success('It is', HEALTH), ...problems(ALWAYS) },
    },
  },
  '/openapi.json': {
    get: {
      operationId: 'openApi',
      tags: ['service'],
      summary: 'This document',
      security: [],
      responses: { 200: success('OpenAPI 3.1', DOCUMENT), ...problems(ALWAYS) },
    },
  },
};
