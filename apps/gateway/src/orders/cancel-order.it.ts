import 'reflect-metadata';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { ordersV1 } from '@orders/rpc';
import { once } from 'node:events';
import { type IncomingMessage, type OutgoingHttpHeader, request } from 'node:http';
import { GOOD_ORDER, startGateway, type GatewayUnderTest } from '../testing/gateway-under-test.js';

let gateway: GatewayUnderTest;
let authorization: string;
let id: string;
beforeAll(async () => {
  gateway = await startGateway();
  authorization = `Bearer ${await gateway.issuer.token('alice', 'orders:write')}`;
});
afterAll(() => gateway.stop());
beforeEach(async () => {
  const placed = await gateway.request('/orders', { body: GOOD_ORDER });
  ({ id } = (await placed.json()) as ordersV1.Order);
});

/** The status of a cancel with exactly these headers and this body. */
async function cancel(headers: Record<string, OutgoingHttpHeader> = {}, body = ''): Promise<number> {
  const sent = request(`${gateway.url}/orders/${id}/cancel`, {
    method: 'POST',
    headers: { authorization, ...headers },
  });
  sent.end(body);
  const [answer] = (await once(sent, 'response')) as [IncomingMessage];
  answer.resume();
  await once(answer, 'end');
  return answer.statusCode!;
}

const isCanceled = () => gateway.orders.orders.get(id)?.status === 'CANCELED';

describe('a cancel of an order at version 1', () => {
  // All but the first three were 400.
  it.each<[string, string | string[], number]>([
    ['its tag', '"1"', 200],
    ['another tag of ours', '"7"', 412],
    ['any', '*', 200],
    ['a list with its tag', '"7", "1"', 200],
    ['a list without its tag', '"7", "8"', 412],
    ['a list with its tag among foreign ones', 'W/"x", "abc", "1"', 200],
    ['two headers', ['"7"', '"1"'], 200],
    ['its tag as a weak one', 'W/"1"', 412],
    ['a foreign tag', '"abc"', 412],
    ['the tag of a compressed answer', '"1-gzip"', 412],
    ['an empty tag', '""', 412],
  ])('with If-Match of %s', async (_, ifMatch, status) => {
    expect(await cancel({ 'if-match': ifMatch })).toBe(status);
    expect(isCanceled()).toBe(status === 200);
  });

  it.each(['1', '"1', '"1" "2"', '*, "1"', 'w/"1"'])('with If-Match %s is 400', async (ifMatch) => {
    expect(await cancel({ 'if-match': ifMatch })).toBe(400);
    expect(isCanceled()).toBe(false);
  });

  it('that does not exist is 404, whatever If-Match is', async () => {
    id = '0199a1b2-c3d4-7e5f-8a9b-0c1d2e3f4a5b';
    for (const ifMatch of ['*', '"1"', 'W/"1"', '"abc"']) {
      expect(await cancel({ 'if-match': ifMatch })).toBe(404);
    }
  });
});

describe('a cancel', () => {
  const chunked = { 'transfer-encoding': 'chunked' };
  const json = { 'content-type': 'application/json' };

  // The chunked ones without a type were 415, also the empty one.
  it.each<[string, Record<string, OutgoingHttpHeader>, string, number]>([
    ['without a body', { 'content-length': 0 }, '', 200],
    ['without a body, in chunks', chunked, '', 200],
    ['without a body, in chunks and with the type of JSON', { ...chunked, ...json }, '', 200],
    ['with an empty object', json, '{}', 200],
    ['with an empty object, in chunks', { ...chunked, ...json }, '{}', 200],
    ['with an empty object without a type', { 'content-length': 2 }, '{}', 415],
    ['with an empty object without a type, in chunks', chunked, '{}', 415],
    ['with another type, in chunks', { ...chunked, 'content-type': 'text/plain' }, '', 415],
    ['with a field', json, '{"status":"CREATED"}', 422],
  ])('%s', async (_, headers, body, status) => {
    expect(await cancel(headers, body)).toBe(status);
    expect(isCanceled()).toBe(status === 200);
  });
});

it('an order without a body, in chunks, lacks its items', async () => {
  const sent = request(`${gateway.url}/orders`, {
    method: 'POST',
    headers: { authorization, 'transfer-encoding': 'chunked' },
  });
  sent.end();
  const [answer] = (await once(sent, 'response')) as [IncomingMessage];
  answer.resume();
  expect(answer.statusCode).toBe(422);
});
