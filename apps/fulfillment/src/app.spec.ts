import { describe, expect, it } from '@jest/globals';
import { ConfigError, readConfig } from '@orders/service';
import { assertWithstandsAnyEnvironment } from '@orders/service/testing/hostile-environments';
import { configSchema } from './app.js';

const needed = { DATABASE_URL: 'postgres://u:secret@h/fulfillment', NATS_URL: 'nats://h' };

describe('the config of fulfillment', () => {
  it('has defaults for all but its servers', () => {
    const config = readConfig(configSchema, needed);
    expect(config).toMatchObject({
      port: 3_002,
      managementPort: 9_102,
      databasePoolMax: 10,
      logLevel: 'info',
    });
    expect(JSON.stringify(config)).not.toContain('secret');
  });

  it('takes any environment, or refuses it by the name of a variable and without its value', () => {
    assertWithstandsAnyEnvironment(configSchema, needed);
  });

  it('names every problem at once', () => {
    const broken = { PORT: '70000', DATABASE_POOL_MAX: '0' };
    expect(() => readConfig(configSchema, broken)).toThrow(ConfigError);
    try {
      readConfig(configSchema, broken);
    } catch (error) {
      const keys = (error as ConfigError).problems.map((problem) => problem.split(':')[0]);
      expect(keys.sort()).toEqual(['DATABASE_POOL_MAX', 'DATABASE_URL', 'NATS_URL', 'PORT']);
    }
  });
});
