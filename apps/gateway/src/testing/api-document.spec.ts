import { describe, expect, it } from '@jest/globals';
import { type Answer, ApiDocument, type OpenApi } from '@orders/http/testing/api-document';
import { EXAMPLE_ORDER } from '../docs/examples.js';
import { openApiDocument } from '../docs/openapi.js';

const api = new ApiDocument(openApiDocument() as OpenApi);

interface Change {
  method?: string;
  path?: string;
  status?: number;
  headers?: Record<string, string | undefined>;
  body?: object;
}

/** The answer to `GET /orders/{id}`, with changes. */
function answer({ method = 'GET', path = `/orders/${EXAMPLE_ORDER.id}`, ...change }: Change = {}): Answer {
  const headers: Record<string, string | undefined> = {
    'content-type': 'application/json; charset=utf-8',
    'content-length': '1',
    'cache-control': 'no-store',
    'x-request-id': 'r-1',
    'x-correlation-id': 'c-1',
    etag: '"1"',
    ratelimit: '"caller";r=1999;t=0',
    'ratelimit-policy': '"caller";q=2000;w=2',
    ...change.headers,
  };
  const present = Object.entries(headers).filter(
    (entry): entry is [string, string] => entry[1] !== undefined,
  );
  return {
    request: { method, path },
    status: change.status ?? 200,
    headers: new Map(present),
    body: JSON.stringify(change.body ?? EXAMPLE_ORDER),
  };
}

const problem = (code: string, status: number, headers: Change['headers'] = {}): Change => ({
  status,
  headers: { 'content-type': 'application/problem+json', etag: undefined, ...headers },
  body: { type: `urn:problem:orders:${code}`, title: 'T', status, detail: 'd', requestId: 'r-1' },
});
const door = { 'x-request-id': undefined, 'x-correlation-id': undefined, 'retry-after': '1' };
const noLimit = { ratelimit: undefined, 'ratelimit-policy': undefined };

describe('an answer as it is documented', () => {
  it.each<[string, Change]>([
    ['an order', {}],
    ['to a HEAD', { method: 'HEAD' }],
    ['a problem of the operation', problem('order-not-found', 404)],
    ['an early refusal', problem('overloaded', 503, { ...door, ...noLimit })],
    ['a path that is not listed', { path: '/orders/1/2', ...problem('not-found', 404, noLimit) }],
    [
      'a method that is not listed',
      { method: 'PUT', ...problem('method-not-allowed', 405, { allow: 'GET', ...noLimit }) },
    ],
  ])('has no difference: %s', (_name, change) => {
    expect(api.differences(answer(change))).toEqual([]);
  });

  it('has no difference with its fields in any order', () => {
    const body = Object.fromEntries(Object.entries(EXAMPLE_ORDER).reverse());
    expect(api.differences(answer({ body }))).toEqual([]);
  });

  it('has no difference when there was no request', () => {
    const headers = { ...noLimit, 'x-correlation-id': undefined };
    const { status, ...rest } = answer(problem('payload-too-large', 431, headers));
    expect(api.differences({ ...rest, status, request: undefined })).toEqual([]);
  });
});

describe('an answer that differs from its document', () => {
  it.each<[string, Change]>([
    ['the status is not documented', { status: 202 }],
    ['the status is not documented', { method: 'PUT' }],
    ['the status is not documented', { path: '/orders/' }],
    ['the content type text/html is not documented', { headers: { 'content-type': 'text/html' } }],
    ['the header x-own is not documented', { headers: { 'x-own': '1' } }],
    ['the header idempotent-replayed is not documented', { headers: { 'idempotent-replayed': 'true' } }],
    ['the header ETag is missing', { headers: { etag: undefined } }],
    ['the header RateLimit: / must match pattern', { headers: { ratelimit: '5' } }],
    ['the header Retry-After: / must be integer', problem('unavailable', 503, { 'retry-after': 'soon' })],
    ['the header X-Request-Id is missing', problem('order-not-found', 404, { 'x-request-id': undefined })],
    ['the problem version-mismatch is not documented', problem('version-mismatch', 404)],
    ["the body: / must have required property 'id'", { body: { ...EXAMPLE_ORDER, id: undefined } }],
    [
      'the body: /status must be equal to one of the allowed values',
      { body: { ...EXAMPLE_ORDER, status: 'x' } },
    ],
    ['the body: /createdAt must match', { body: { ...EXAMPLE_ORDER, createdAt: 'yesterday' } }],
    ['the body: / must NOT have additional properties', { body: { ...EXAMPLE_ORDER, note: 'n' } }],
    [
      'the body: /orders/0 must NOT have additional properties',
      {
        path: '/orders',
        headers: { etag: undefined },
        body: { orders: [{ ...EXAMPLE_ORDER, note: 'n' }], nextCursor: null },
      },
    ],
  ])('is reported: %s', (difference, change) => {
    const { method = 'GET', path = `/orders/${EXAMPLE_ORDER.id}`, status = 200 } = change;
    const differences = api.differences(answer(change));
    expect(differences).toContainEqual(expect.stringContaining(`${method} ${path} ${status}: ${difference}`));
  });

  it('is reported when its body is no JSON', () => {
    const [difference] = api.differences({ ...answer(), body: '<html>' });
    expect(difference).toContain('the body: / must be object');
  });
});
