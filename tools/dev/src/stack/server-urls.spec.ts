import { describe, expect, it } from '@jest/globals';
import { assertDatabaseUrl, natsServers, withoutPassword } from './server-urls.ts';

describe('NATS_URL', () => {
  it('is one server or a list', () => {
    expect(natsServers('nats://a:4222')).toEqual(['nats://a:4222']);
    expect(natsServers('nats://a:4222, tls://u:p@b')).toEqual(['nats://a:4222', 'tls://u:p@b']);
  });

  it.each(['127.0.0.1:4222', 'http://a', 'nats://a,', 'nats://a,secret'])('is not %j', (url) => {
    const all = 'NATS_URL must be a URL of nats:// or tls://, or several with commas in between.';
    expect(() => natsServers(url)).toThrow(all);
  });
});

describe('DATABASE_URL', () => {
  it.each(['postgres://u:p@h/d', 'postgresql://h'])('may be %j', (url) => {
    expect(() => assertDatabaseUrl(url)).not.toThrow();
  });

  it.each(['nonsense', 'mysql://h/d', 'localhost:5432'])('may not be %j', (url) => {
    const message = 'DATABASE_URL must be a URL of postgres:// or postgresql://.';
    expect(() => assertDatabaseUrl(url)).toThrow(message);
  });
});

it('a URL is shown without its password, whatever that holds', () => {
  expect(withoutPassword('postgres://u:p,w@h/d')).toBe('postgres://u@h/d');
});
