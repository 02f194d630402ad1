import { describe, expect, it } from '@jest/globals';
import { readConfig } from '@orders/service';
import { assertWithstandsAnyEnvironment } from '@orders/service/testing';
import { gatewayConfig } from './config.js';

const GOOD = {
  ORDERS_ADDRESS: 'orders:50051',
  OIDC_ISSUER: 'https://id.example',
  OIDC_JWKS_URL: 'https://id.example/jwks',
};

describe('the config', () => {
  it('has the documented defaults', () => {
    expect(readConfig(gatewayConfig, GOOD)).toMatchObject({
      port: 3_000,
      managementPort: 9_100,
      oidcAudience: 'orders-api',
      oidcAlgorithms: ['RS256', 'ES256'],
      requestDeadlineMs: 5_000,
      maxConcurrentRequests: 96,
      maxQueuedRequests: 192,
      maxQueueMs: 500,
      maxEventLoopDelayMs: 200,
      maxConnections: 4_096,
      rateLimitPerSecond: 1_000,
      rateLimitBurst: 2_000,
    });
  });

  it.each([
    ['ORDERS_ADDRESS', 'orders'],
    ['ORDERS_ADDRESS', 'orders:65536'],
    ['REQUEST_DEADLINE_MS', '0'],
    ['OIDC_JWKS_URL', 'file:///etc/passwd'],
    ['OIDC_ISSUER', 'nobody'],
    ['OIDC_ALGORITHMS', 'HS256'],
    ['OIDC_ALGORITHMS', 'RS256,none'],
    ['PORT', 'http'],
    ['MAX_CONCURRENT_REQUESTS', '0'],
    ['MAX_CONNECTIONS', '0'],
  ])('does not take %s=%s', (key, value) => {
    expect(() => readConfig(gatewayConfig, { ...GOOD, [key]: value })).toThrow(key);
  });

  it('takes any environment, or refuses it by the name of a variable and without its value', () => {
    assertWithstandsAnyEnvironment(gatewayConfig, GOOD);
  });

  it('accepts spaces in a list', () => {
    expect(readConfig(gatewayConfig, { ...GOOD, OIDC_ALGORITHMS: 'RS256, EdDSA' }).oidcAlgorithms).toEqual([
      'RS256',
      'EdDSA',
    ]);
  });
});
