import { describe, expect, it } from '@jest/globals';
import { readConfig } from '@orders/service';
import { assertWithstandsAnyEnvironment } from '@orders/service/testing/hostile-environments';
import { opsConfig } from '../config.js';

const GOOD = { ORDERS_ADDRESS: 'orders:50051', OIDC_ISSUER: 'https://id.example' };

describe('the config', () => {
  it('takes several replicas of one app', () => {
    const { managementAddresses } = readConfig(opsConfig, {
      ...GOOD,
      MANAGEMENT_ADDRESSES: 'orders=10.0.0.1:9101,orders=10.0.0.2:9101,gateway=[::1]:9100',
    });
    expect([...managementAddresses]).toEqual([
      ['orders', ['10.0.0.1:9101', '10.0.0.2:9101']],
      ['gateway', ['[::1]:9100']],
    ]);
  });

  it.each([
    ['MANAGEMENT_ADDRESSES', 'orders'],
    ['MANAGEMENT_ADDRESSES', 'orders=http://10.0.0.1:9101'],
    ['MANAGEMENT_ADDRESSES', 'orders=user@10.0.0.1:9101'],
    ['EFFECT_ADDRESSES', 'fulfillment=fulfillment:65536'],
    ['ORDERS_ADDRESS', 'orders'],
    ['TRACE_URL_TEMPLATE', 'https://tempo.example/trace'],
    ['TRACE_URL_TEMPLATE', 'javascript:alert({traceId})'],
    ['SPANS_TOKEN', 'short'],
    ['MAX_SPANS', '1'],
  ])('does not take %s=%s', (key, value) => {
    expect(() => readConfig(opsConfig, { ...GOOD, [key]: value })).toThrow(key);
  });

  it('prints no token of spans', () => {
    const config = readConfig(opsConfig, { ...GOOD, SPANS_TOKEN: 'a-token-of-some-length' });
    expect(JSON.stringify(config)).not.toContain('a-token-of-some-length');
  });

  it('withstands any environment', () => {
    assertWithstandsAnyEnvironment(opsConfig, GOOD);
  });
});
