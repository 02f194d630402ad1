import { describe, expect, it } from '@jest/globals';
import { inspect } from 'node:util';
import { parseNatsUrl } from './nats-url.js';

/** The user of a URL, with its secrets in the clear. */
function userIn(url: string) {
  const { user } = parseNatsUrl(url);
  if (!user) return undefined;
  if ('token' in user) return { token: user.token.reveal() };
  return { user: user.user, password: user.password.reveal() };
}

describe('NATS_URL', () => {
  it.each([
    ['nats://a', ['a:4222'], false],
    ['nats://a:4333/', ['a:4333'], false],
    ['tls://nats.example.com', ['nats.example.com:4222'], true],
    ['TLS://a', ['a:4222'], true],
    ['nats://10.0.0.1:1,nats://[::1]:2', ['10.0.0.1:1', '[::1]:2'], false],
    ['nats://a:1, tls://b:2', ['a:1', 'b:2'], true],
    ['nats://u:p@a:1,nats://u:p@b:2,nats://c', ['a:1', 'b:2', 'c:4222'], false],
  ])('%s names its servers', (url, servers, demandsTls) => {
    expect(parseNatsUrl(url)).toMatchObject({ servers, demandsTls });
  });

  it.each([
    ['nats://h', undefined],
    ['nats://orders:secret@h', { user: 'orders', password: 'secret' }],
    ['nats://orders:4222secret@h', { user: 'orders', password: '4222secret' }],
    ['nats://orders:4222@h:4333', { user: 'orders', password: '4222' }],
    ['nats://orders:@h', { user: 'orders', password: '' }],
    ['nats://orders:p@ss/w?r#d:[1]@h', { user: 'orders', password: 'p@ss/w?r#d:[1]' }],
    ['nats://orders:p%40ss%2Fw%3Fr%23d@h', { user: 'orders', password: 'p@ss/w?r#d' }],
    ['nats://orders:100%@h', { user: 'orders', password: '100%' }],
    ['nats://orders:%zz%ff@h', { user: 'orders', password: '%zz%ff' }],
    ['nats://orders:a,b@h,nats://orders:a,b@i', { user: 'orders', password: 'a,b' }],
    ['nats://%C3%A9:%E2%82%AC€@h', { user: 'é', password: '€€' }],
    ['nats://a%3Ab:c@h', { user: 'a:b', password: 'c' }],
    ['nats://s3cr3t-token@h', { token: 's3cr3t-token' }],
    ['nats://123456@h', { token: '123456' }],
  ])('%s keeps its user', (url, user) => {
    expect(userIn(url)).toEqual(user);
  });

  it.each([
    'pw-of-mine',
    'http://u:pw-of-mine@h',
    'nats://',
    'nats://u:pw-of-mine@',
    'nats://a,pw-of-mine',
    'nats://a:1,b:2,',
    'nats://h/pw-of-mine',
    'nats://h?pw=pw-of-mine',
    'nats://h:0',
    'nats://h:65536',
    'nats://h:4222:4222',
    'nats://:pw-of-mine@h',
    'nats://@h',
    'nats://u:pw-of-mine@a,nats://u:other@b',
    'nats://[::1',
  ])('%s is refused, and no part of it is in the message', (url) => {
    const parse = () => parseNatsUrl(url);
    expect(parse).toThrow(/^(must|has) (?!.*(pw-of-mine|other@))/);
  });

  it('prints no secret', () => {
    expect(inspect(parseNatsUrl('nats://u:pw-of-mine@h'), { depth: 9 })).not.toContain('pw-of-mine');
    expect(JSON.stringify(parseNatsUrl('nats://tk-of-mine@h'))).not.toContain('tk-of-mine');
  });
});
