import 'reflect-metadata';

import { afterEach, beforeEach, expect, it, jest } from '@jest/globals';

import { GOOD_ORDER, startGateway, type GatewayUnderTest } from '../testing/gateway-under-test.js';

let gateway: GatewayUnderTest;
beforeEach(async () => {
  // By `performance.now()` no time passes, so that no new request is allowed meanwhile.
  const timers = ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval', 'setImmediate'] as const;
  jest.useFakeTimers({
    doNotFake: [...timers, 'clearImmediate', 'nextTick', 'queueMicrotask', 'Date', 'hrtime'],
  });
  gateway = await startGateway({ RATE_LIMIT_PER_SECOND: '1', RATE_LIMIT_BURST: '3' });
});
afterEach(async () => {
  await gateway.stop();
  jest.useRealTimers();
});

const order = (headers: Record<string, string> = {}) =>
  gateway.request('/orders', { body: GOOD_ORDER, headers });

it('a caller above its rate gets 429 with Retry-After, and another is not affected', async () => {
  const noisy = await Promise.all(Array.from({ length: 20 }, () => order()));
  expect(noisy.filter(({ status }) => status === 201)).toHaveLength(3);
  const refused = noisy.find(({ status }) => status === 429);
  expect(refused?.headers.get('retry-after')).toBe('1');
  expect(refused?.headers.get('ratelimit-policy')).toBe('"caller";q=3;w=3');
  expect(refused?.headers.get('ratelimit')).toBe('"caller";r=0;t=1');
  expect(await refused?.json()).toMatchObject({ type: 'urn:problem:orders:rate-limited' });
  expect(gateway.orders.received).toHaveLength(3);

  const bob = await order({ authorization: `Bearer ${await gateway.issuer.token('bob', 'orders:write')}` });
  expect(bob.status).toBe(201);
  expect(bob.headers.get('ratelimit')).toBe('"caller";r=2;t=0');
  expect((await fetch(`${gateway.url}/healthz`)).status).toBe(200);
});
