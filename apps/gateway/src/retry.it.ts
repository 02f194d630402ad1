import 'reflect-metadata';

import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';

import { GOOD_ORDER, startGateway, type GatewayUnderTest } from './testing/gateway-under-test.js';

let gateway: GatewayUnderTest;
beforeEach(async () => {
  gateway = await startGateway({ MAX_CONCURRENT_REQUESTS: '256' });
});
afterEach(() => gateway.stop());

const keys = () => gateway.orders.received.map(({ idempotencyKey }) => idempotencyKey);

describe('a retry', () => {
  it('follows UNAVAILABLE with the same key, and creates one order even if the first answer was lost', async () => {
    gateway.orders.failures.push({ code: 'unavailable', lost: true });
    const answer = await gateway.request('/orders', { body: GOOD_ORDER });
    expect(answer.status).toBe(201);
    expect(answer.headers.get('idempotent-replayed')).toBe('true');
    expect(new Set(keys()).size).toBe(1);
    expect(gateway.orders.calls).toHaveLength(2);
    expect(gateway.orders.orders.size).toBe(1);
  });

  it.each([true, false])(
    'is the only one, should the whole call fail (%s) or the order alone',
    async (whole) => {
      gateway.orders.failCalls = whole;
      gateway.orders.failures.push({ code: 'unavailable' }, { code: 'unavailable' });
      expect((await gateway.request('/orders', { body: GOOD_ORDER })).status).toBe(503);
      expect(gateway.orders.calls).toHaveLength(2);
    },
  );

  it.each([
    'overloaded',
    'deadline-exceeded',
    'idempotency-key-in-use',
    'idempotency-key-reused',
    'internal',
  ] as const)('does not follow %s', async (code) => {
    gateway.orders.failures.push({ code });
    expect((await gateway.request('/orders', { body: GOOD_ORDER })).status).toBeGreaterThanOrEqual(409);
    expect(gateway.orders.calls).toHaveLength(1);
  });

  it('is limited: 100 requests of which two in three fail lead to at most 20 retries', async () => {
    const trouble = { code: 'unavailable' } as const;
    gateway.orders.failures.push(...Array.from({ length: 100 }, () => [trouble, trouble, undefined]).flat());
    await Promise.all(Array.from({ length: 100 }, () => gateway.request('/orders', { body: GOOD_ORDER })));
    expect(new Set(keys()).size).toBe(100);
    expect(keys().length).toBeGreaterThanOrEqual(110);
    expect(keys().length).toBeLessThanOrEqual(120);
  });
});
