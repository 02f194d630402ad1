import { describe, expect, it } from '@jest/globals';
import type { Answer } from '@orders/http/testing/api-document';
import type { HttpRequest } from '../http-client.ts';
import type { SystemUnderFuzz } from '../system-under-fuzz.ts';
import { REQUESTS } from './requests.ts';

const ITEM = {
  type: 'object',
  required: ['quantity', 'priceCents'],
  properties: {
    quantity: { type: 'integer', minimum: 1, maximum: 9 },
    priceCents: { type: 'integer', minimum: 0, maximum: 9 },
  },
};

/** A public API with one operation, whose handler is to be caught. */
const DOCUMENT = {
  paths: {
    '/orders': {
      post: {
        security: [{ accessToken: ['orders:write'] }],
        responses: { 201: {}, 422: {} },
        parameters: [],
        requestBody: {
          required: true,
          content: {
            'application/json': {
              schema: {
                type: 'object',
                required: ['items'],
                additionalProperties: false,
                properties: { items: { type: 'array', minItems: 1, maxItems: 3, items: ITEM } },
              },
            },
          },
        },
      },
    },
  },
};

async function findingOf(statusFor: (request: HttpRequest) => number): Promise<string | undefined> {
  const send = async (request: HttpRequest): Promise<Answer> => ({
    request: { method: request.method, path: request.path },
    status: statusFor(request),
    headers: new Map(),
    body: '{"id":"0199a1b2-c3d4-7e5f-8a9b-0c1d2e3f4a5b"}',
  });
  const headersOf = async (_customer: string, scopes = 'all') => ({
    authorization: `Bearer ${scopes}.signed.token`,
    'content-type': 'application/json',
  });
  const sut = { document: DOCUMENT, send, headersOf } as unknown as SystemUnderFuzz;
  const { check } = await REQUESTS.open(sut);
  return (await check({ seed: 1, numRuns: 2_000 })).finding;
}

describe('an API that answers wrongly is caught', () => {
  it.each<[string, (request: HttpRequest) => number, RegExp]>([
    ['by 201 to everything', () => 201, /: 201 instead of (4\d\d|400 or 404|405 or 404)/],
    ['by 422 to everything', () => 422, /: 422 instead of /],
    ['by taking any token', ({ headers }) => (headers['authorization'] === 'Bearer x' ? 201 : 401), /./],
  ])('%s', async (_how, statusFor, finding) => {
    expect(await findingOf(statusFor)).toMatch(finding);
  });
});
