import 'reflect-metadata';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { GOOD_ORDER, startGateway, type GatewayUnderTest } from '../testing/gateway-under-test.js';

let gateway: GatewayUnderTest;
let path: string;
beforeAll(async () => {
  gateway = await startGateway();
  const created = await gateway.request('/orders', { body: GOOD_ORDER });
  path = created.headers.get('location')!;
});
afterAll(() => gateway.stop());

const read = (ifNoneMatch: string, method = 'GET', at = path) =>
  gateway.request(at, { method, headers: { 'if-none-match': ifNoneMatch } });

describe('an order that the client has', () => {
  it.each(['"1"', 'W/"1"', '"7", "1"', '*'])('is not sent again: If-None-Match %s', async (tags) => {
    for (const method of ['GET', 'HEAD']) {
      const answer = await read(tags, method);
      expect(answer.status).toBe(304);
      expect(answer.headers.get('etag')).toBe('"1"');
      expect(answer.headers.get('content-type')).toBeNull();
      expect(await answer.text()).toBe('');
    }
  });

  it.each(['"2"', '"01"', 'W/"x"'])('is sent when it has changed: If-None-Match %s', async (tags) => {
    const answer = await read(tags);
    expect(answer.status).toBe(200);
    expect(await answer.json()).toMatchObject({ version: 1, status: 'CREATED' });
  });

  it.each(['1', '"1', '"1" "2"', '*, "1"', 'w/"1"'])('with If-None-Match %s is 400', async (tags) => {
    expect((await read(tags)).status).toBe(400);
  });

  it('is 404 when it is of another customer or does not exist, whatever the tags', async () => {
    const bob = await gateway.issuer.token('bob', 'orders:read');
    const headers = { authorization: `Bearer ${bob}`, 'if-none-match': '*' };
    expect((await gateway.request(path, { headers })).status).toBe(404);
    expect((await read('*', 'GET', '/orders/00000000-0000-7000-8000-000000000000')).status).toBe(404);
  });
});
