import { describe, expect, it } from '@jest/globals';
import { readConfig } from '@orders/service';
import { assertWithstandsAnyEnvironment } from '@orders/service/testing/hostile-environments';
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
      oidcAllowHttp: false,
      oidcMaxLifetimeMs: 86_400_000,
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
    ['OIDC_JWKS_URL', 'http://id.example/jwks'],
    ['OIDC_JWKS_URL', 'http://127.0.0.1.example/jwks'],
    ['OIDC_ISSUER', 'nobody'],
    ['OIDC_ALLOW_HTTP', 'yes'],
    ['OIDC_TOKEN_TYPE', 'at jwt'],
    ['OIDC_MAX_LIFETIME_MS', '0'],
    ['OIDC_ALGORITHMS', 'HS256'],
    ['OIDC_ALGORITHMS', 'RS256,none'],
    ['PORT', 'http'],
    ['MAX_CONCURRENT_REQUESTS', '0'],
    ['MAX_CONNECTIONS', '0'],
  ])('does not take %s=%s', (key, value) => {
    expect(() => readConfig(gatewayConfig, { ...GOOD, [key]: value })).toThrow(key);
  });

  const { OIDC_JWKS_URL: _, ...DISCOVERING } = GOOD;

  it('does not discover the keys of an issuer without TLS', () => {
    const issuer = { ...DISCOVERING, OIDC_ISSUER: 'http://id.example' };
    expect(() => readConfig(gatewayConfig, issuer)).toThrow('OIDC_ISSUER: must be https');
  });

  it('takes no URL of keys with a password, which would come into the log', () => {
    const withPassword = { ...GOOD, OIDC_JWKS_URL: 'https://user:hunter2@id.example/jwks' };
    expect(() => readConfig(gatewayConfig, withPassword)).toThrow(
      /^OIDC_JWKS_URL: must be https without a user/,
    );
    expect(() => readConfig(gatewayConfig, withPassword)).not.toThrow('hunter2');
  });

  it.each<[string, NodeJS.ProcessEnv]>([
    ['from an issuer with TLS', DISCOVERING],
    ['from an issuer on this machine', { ...DISCOVERING, OIDC_ISSUER: 'http://localhost:3003' }],
    ['on this machine', { ...GOOD, OIDC_JWKS_URL: 'http://[::1]:3003/jwks' }],
    [
      'without TLS where that is allowed',
      { ...GOOD, OIDC_JWKS_URL: 'http://id/jwks', OIDC_ALLOW_HTTP: 'true' },
    ],
    ['with TLS, of an issuer whose name has none', { ...GOOD, OIDC_ISSUER: 'http://id.example' }],
  ])('takes keys %s', (__, environment) => {
    expect(() => readConfig(gatewayConfig, environment)).not.toThrow();
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
