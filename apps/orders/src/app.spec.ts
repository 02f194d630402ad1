import { describe, expect, it } from '@jest/globals';
import { readConfig } from '@orders/service';
import { assertWithstandsAnyEnvironment } from '@orders/service/testing/hostile-environments';
import { configSchema } from './app.js';

describe('the config of orders', () => {
  it('takes any environment, or refuses it by the name of a variable and without its value', () => {
    const servers = { DATABASE_URL: 'postgres://u:secret@h/orders', NATS_URL: 'nats://h' };
    assertWithstandsAnyEnvironment(configSchema, servers);
  });

  it('needs DATABASE_URL and NATS_URL, except with STORAGE=memory', () => {
    const servers = { DATABASE_URL: 'postgres://u:secret@h/orders', NATS_URL: 'nats://h' };
    expect(readConfig(configSchema, servers)).toMatchObject({ storage: 'postgres', grpcPort: 50_051 });
    expect(() => readConfig(configSchema, {})).toThrow('DATABASE_URL');
    expect(readConfig(configSchema, { STORAGE: 'memory' })).toMatchObject({ grpcPort: 50_051 });
  });

  it.each([
    ['mysql', /STORAGE/],
    ['postgres', /DATABASE_URL/],
  ])('names every problem at once with STORAGE=%s', (storage, own) => {
    const read = () => readConfig(configSchema, { STORAGE: storage, GRPC_PORT: '99999', LOG_LEVEL: 'loud' });
    for (const key of [own, /GRPC_PORT/, /LOG_LEVEL/]) expect(read).toThrow(key);
  });
});
