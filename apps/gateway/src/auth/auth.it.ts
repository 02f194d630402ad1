import 'reflect-metadata';

import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import { GOOD_ORDER, startGateway, type GatewayUnderTest } from '../testing/gateway-under-test.js';

let gateway: GatewayUnderTest;
beforeAll(async () => {
  gateway = await startGateway();
});
afterAll(() => gateway.stop());

const place = (authorization: string) =>
  gateway.request('/orders', { body: GOOD_ORDER, headers: { authorization } });
const challenge = (response: Response) => response.headers.get('www-authenticate');

describe('a caller', () => {
  it('without a token gets 401 with a challenge', async () => {
    const answer = await fetch(`${gateway.url}/orders`);
    expect(answer.status).toBe(401);
    expect(challenge(answer)).toBe('Bearer realm="orders"');
    expect(await answer.json()).toMatchObject({
      type: 'urn:problem:orders:unauthenticated',
      requestId: expect.any(String),
    });
  });

  it.each([
    'Basic YTpi',
    'Bearer',
    'Bearer a b',
    'Bearer äöü',
    'Bearer not.a.token',
    `Bearer ${'x'.repeat(9_000)}`,
  ])('with %s is unauthenticated', async (authorization) => {
    const answer = await place(Buffer.from(authorization).toString('latin1'));
    expect(answer.status).toBe(401);
    expect(challenge(answer)).toContain('error="invalid_token"');
  });

  it('with an expired token gets that as the reason', async () => {
    const answer = await place(
      `Bearer ${await gateway.issuer.token('alice', 'orders:write', { exp: 1_000 })}`,
    );
    expect(answer.status).toBe(401);
    expect(challenge(answer)).toContain('it has expired');
  });

  it('may write the scheme in upper or lower case', async () => {
    expect((await place(`bearer  ${await gateway.issuer.token('alice', 'orders:write')}`)).status).toBe(201);
  });

  it.each([
    ['POST', '/orders', 'orders:read', 'orders:write'],
    ['POST', '/orders/x/cancel', 'orders:read', 'orders:write'],
    ['GET', '/orders', 'orders:write', 'orders:read'],
    ['GET', '/orders/x', 'orders:write', 'orders:read'],
    ['GET', '/orders/x', 'orders:admin', 'orders:read'],
  ])('of %s %s with %s lacks %s', async (method, path, scope, missing) => {
    const authorization = `Bearer ${await gateway.issuer.token('alice', scope)}`;
    const answer = await gateway.request(path, { method, headers: { authorization } });
    expect(answer.status).toBe(403);
    expect(challenge(answer)).toBe(`Bearer realm="orders", error="insufficient_scope", scope="${missing}"`);
    expect(await answer.json()).toMatchObject({ detail: `The access token lacks the scope ${missing}` });
  });

  it('may not order for another customer, and no call is made', async () => {
    const before = gateway.orders.calls.length;
    const answer = await gateway.request('/orders', { body: { ...GOOD_ORDER, customerId: 'bob' } });
    expect(answer.status).toBe(403);
    expect(await answer.json()).toMatchObject({ errors: [{ pointer: '/customerId' }] });
    expect(gateway.orders.calls.length).toBe(before);
  });

  it('keeps working while the issuer is down', async () => {
    gateway.issuer.state.up = false;
    expect((await place(`Bearer ${await gateway.issuer.token('carol', 'orders:write')}`)).status).toBe(201);
    gateway.issuer.state.up = true;
  });
});

describe('the keys', () => {
  it('are found by the discovery document where their place is not configured, and are measured', async () => {
    const discovering = await startGateway({ OIDC_JWKS_URL: '' });
    expect((await discovering.request('/orders')).status).toBe(200);
    const metrics = await (await fetch(`${discovering.managementUrl}/metrics`)).text();
    expect(metrics).toMatch(/^token_keys_age_seconds \d/m);
    expect(metrics).toMatch(/^token_keys_fetches_total\{outcome="failed"\} \d/m);
    await discovering.stop();
  });

  it('are never fetched from where a token says', async () => {
    const asked: string[] = [];
    const evil = createServer(({ url = '' }, response) => {
      asked.push(url);
      response.end();
    });
    await new Promise<void>((resolve) => evil.listen(0, '127.0.0.1', resolve));
    const url = `http://127.0.0.1:${(evil.address() as AddressInfo).port}`;
    for (const header of [{ jku: `${url}/jku` }, { x5u: `${url}/x5u` }, { jku: `${url}/jku`, kid: 'evil' }]) {
      const token = await gateway.issuer.token('alice', 'orders:write', {}, header);
      expect((await place(`Bearer ${token}`)).status).toBe('kid' in header ? 401 : 201);
    }
    await new Promise((resolve) => evil.close(resolve));
    expect(asked).toEqual([]);
  });
});

describe('without keys since the start', () => {
  it('requests get 503 instead of 401, and the gateway is not ready', async () => {
    const blind = await startGateway({ OIDC_JWKS_URL: 'http://127.0.0.1:9/jwks' });
    const answer = await blind.request('/orders', { body: GOOD_ORDER });
    expect(answer.status).toBe(503);
    expect(answer.headers.get('retry-after')).toBe('1');
    expect((await fetch(`${blind.managementUrl}/readyz`)).status).toBe(503);
    expect((await fetch(`${blind.managementUrl}/livez`)).status).toBe(200);
    await blind.stop();
  });
});
