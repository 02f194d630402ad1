import { ORDER_LIMITS, PROBLEM_KINDS, PROBLEMS, type ProblemCode } from '@orders/contracts';
import { z } from 'zod';

import { listOrdersQuery } from '../orders/order.schema.js';
import { components, ref } from './components.js';
import { EXAMPLE_ID, EXAMPLE_KEY, EXAMPLE_ORDER, EXAMPLE_ORDER_BODY } from './examples.js';

// Written by hand around the schemas that validate, instead of by @nestjs/swagger, whose import alone costs 140 ms of
// every start. A test holds the paths against the routes.

let document: object | undefined;

/** The OpenAPI 3.1 document of the public API. */
export function openApiDocument(): object {
  document ??= {
    openapi: '3.1.0',
    info: { title: 'Orders', version: '1.0.0', description: INTRODUCTION },
    servers: [{ url: '/' }],
    security: [{ accessToken: [] }],
    tags: [{ name: 'orders' }, { name: 'service' }],
    paths,
    components,
  };
  return document;
}

const INTRODUCTION = `Orders of customers. The customer is the subject of the access token; the scope \`orders:admin\` sees and acts for all.

**Repeating is safe.** \`POST /orders\` takes an \`Idempotency-Key\`, bare or in quotes. The same key with the same order gives the
first answer again, with the same status, marked \`Idempotent-Replayed: true\`; with another order it is 422. Keys belong to the customer and
never expire. Answers 409, 429, 503 and 504 carry \`Retry-After\`: repeat with the same key. \`RateLimit\` tells how many requests are left.

**Errors** are \`application/problem+json\` (RFC 9457); \`type\` is \`urn:problem:orders:\` and a stable code. 400 = the request could not be
read, 422 = it was read and breaks a rule. \`errors\` names each place by an RFC 6901 pointer into the body, or by the name of
the header or parameter. \`requestId\` is also in the header \`X-Request-Id\` of every answer, and yours if you sent one.

**Numbers** are integers; \`1.0\` and \`1e2\` mean 1 and 100. A key that comes twice in an object, and a byte order mark, are refused.`;

const json = (schema: object, example: unknown) => ({ 'application/json': { schema, example } });

const orderAnswer = (description: string, headers: Record<string, object> = {}) => ({
  description,
  headers: { 'X-Request-Id': ref('headers', 'RequestId'), ETag: ref('headers', 'ETag'), ...headers },
  content: json(ref('schemas', 'Order'), EXAMPLE_ORDER),
});

/** The answers for these problems, by their statuses. */
function problems(...codes: ProblemCode[]) {
  const byStatus = Map.groupBy(codes, (code) => PROBLEM_KINDS[PROBLEMS[code].kind].http);
  const always: [string, object] = [
    'default',
    { description: 'Any other problem', content: problemContent(['internal']) },
  ];
  const answers = [...byStatus].map(([status, group]): [string, object] => [
    String(status),
    {
      description: group.map((code) => PROBLEMS[code].title).join(', or: '),
      headers: { 'X-Request-Id': ref('headers', 'RequestId'), ...extraHeaders(status) },
      content: problemContent(group),
    },
  ]);
  return Object.fromEntries([...answers, always]) as Record<string, object>;
}

function extraHeaders(status: number): Record<string, object> {
  if (status === 401 || status === 403) return { 'WWW-Authenticate': ref('headers', 'Challenge') };
  return [409, 429, 503, 504].includes(status) ? { 'Retry-After': ref('headers', 'RetryAfter') } : {};
}

function problemContent(codes: readonly ProblemCode[]) {
  const examples = codes.map((code) => {
    const { kind, title } = PROBLEMS[code];
    const value = {
      type: `urn:problem:orders:${code}`,
      title,
      status: PROBLEM_KINDS[kind].http,
      detail: title,
      requestId: EXAMPLE_ID,
    };
    return [code, { value }];
  });
  return {
    'application/problem+json': {
      schema: ref('schemas', 'Problem'),
      examples: Object.fromEntries(examples) as object,
    },
  };
}

const ALWAYS = [
  'malformed-request',
  'unauthenticated',
  'forbidden',
  'rate-limited',
  'internal',
  'unavailable',
  'overloaded',
  'deadline-exceeded',
] as const;
const WITH_BODY = ['validation-failed', 'payload-too-large', 'unsupported-media-type'] as const;
const requestId = ref('parameters', 'RequestId');
const orderId = ref('parameters', 'OrderId');

const listQuery = z.toJSONSchema(listOrdersQuery, { io: 'input' }).properties as Record<string, object>;

// Not from listOrdersQuery: there it is still text.
const PAGE_SIZE = {
  type: 'integer',
  minimum: 1,
  maximum: ORDER_LIMITS.maxPage,
  default: ORDER_LIMITS.defaultPage,
};

const paths = {
  '/orders': {
    post: {
      operationId: 'createOrder',
      tags: ['orders'],
      summary: 'Place an order',
      description: 'Needs the scope `orders:write`. Answered when the order is stored; its event follows.',
      security: [{ accessToken: ['orders:write'] }],
      parameters: [
        requestId,
        {
          name: 'Idempotency-Key',
          in: 'header',
          description: 'Names this order for good: 1 to 255 visible ASCII characters, bare or in quotes.',
          schema: { type: 'string', minLength: 1, maxLength: 257 },
          example: EXAMPLE_KEY,
        },
      ],
      requestBody: { required: true, content: json(ref('schemas', 'CreateOrder'), EXAMPLE_ORDER_BODY) },
      responses: {
        201: orderAnswer('The order is stored, now or by an earlier request with this key', {
          Location: {
            description: 'Where the order is',
            schema: { type: 'string' },
            example: `/orders/${EXAMPLE_ID}`,
          },
          'Idempotent-Replayed': {
            description: '`true` when an earlier request with this key stored the order; absent otherwise',
            schema: { type: 'string', const: 'true' },
          },
        }),
        ...problems(...ALWAYS, ...WITH_BODY, 'idempotency-key-in-use', 'idempotency-key-reused'),
      },
    },
    get: {
      operationId: 'listOrders',
      tags: ['orders'],
      summary: 'List orders, newest first',
      description: 'Needs the scope `orders:read`.',
      security: [{ accessToken: ['orders:read'] }],
      parameters: [
        requestId,
        { name: 'limit', in: 'query', schema: PAGE_SIZE },
        {
          name: 'cursor',
          in: 'query',
          description: 'The `nextCursor` of the page before',
          schema: listQuery['cursor'],
        },
        {
          name: 'customerId',
          in: 'query',
          description: 'Default: the caller; for the scope orders:admin, everybody',
          schema: listQuery['customerId'],
        },
      ],
      responses: {
        200: {
          description: 'A page',
          headers: { 'X-Request-Id': ref('headers', 'RequestId') },
          content: json(ref('schemas', 'OrderPage'), { orders: [EXAMPLE_ORDER], nextCursor: null }),
        },
        ...problems(...ALWAYS),
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
      parameters: [orderId, requestId],
      responses: { 200: orderAnswer('The order'), ...problems(...ALWAYS, 'order-not-found') },
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
        requestId,
        {
          name: 'If-Match',
          in: 'header',
          description: 'The ETag that the order must still have, or `*`',
          schema: { type: 'string' },
          example: '"1"',
        },
      ],
      requestBody: { required: false, content: json({ type: 'object', additionalProperties: false }, {}) },
      responses: {
        200: orderAnswer('The order, cancelled'),
        ...problems(...ALWAYS, ...WITH_BODY, 'order-not-found', 'version-mismatch'),
      },
    },
  },
  '/healthz': {
    get: {
      operationId: 'health',
      tags: ['service'],
      summary: 'Is the gateway there?',
      security: [],
      responses: { 200: { description: 'It is', content: json({ type: 'object' }, { status: 'ok' }) } },
    },
  },
  '/openapi.json': {
    get: {
      operationId: 'openApi',
      tags: ['service'],
      summary: 'This document',
      security: [],
      responses: {
        200: { description: 'OpenAPI 3.1', content: { 'application/json': { schema: { type: 'object' } } } },
      },
    },
  },
};
