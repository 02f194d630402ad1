import { describe, expect, it } from '@jest/globals';

import { withoutSecrets } from './secrets.js';

const TOKEN = 'eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiJhbGljZSJ9.s3cret-s1gnature';

/** The line as a logger writes it, read again. */
function logged(text: string): string {
  const line = withoutSecrets(JSON.stringify({ level: 50, err: { message: text }, msg: 'after it' }));
  const { err, msg } = JSON.parse(line) as { err: { message: string }; msg: string };
  expect(msg).toBe('after it');
  return err.message;
}

describe('a secret inside of a text is hidden', () => {
  it.each([
    [
      'a password in a URL',
      'no answer: postgres://app:s3cret@db:5432/orders',
      'postgres://***@db:5432/orders',
    ],
    ['a password with an @ and a quote', 'at postgres://app:s3@c"ret@db/orders', 'postgres://***@db/orders'],
    ['passwords in a list of URLs', 'nats://a:s3cret@n1,nats://b:s3cret@n2', 'nats://***@n1,nats://***@n2'],
    ['a token that is the user of a URL', 'nats://s3cret@n1:4222', 'nats://***@n1:4222'],
    ['a bearer token', 'got Bearer s3cret/token+x=', 'got Bearer ***'],
    ['a JSON Web Token', `bad token ${TOKEN}, refused`, 'bad token ***, refused'],
    [
      'a private key',
      'bad:\n-----BEGIN EC PRIVATE KEY-----\ns3cret\n-----END EC PRIVATE KEY-----\n',
      'bad:\n***\n',
    ],
    ['a private key that is cut off', 'bad: -----BEGIN PRIVATE KEY-----\ns3cret "quoted" s3', 'bad: ***'],
    [
      'the seed of a NATS user',
      '-----BEGIN USER NKEY SEED-----\nSUs3cret\n------END USER NKEY SEED------',
      '***',
    ],
  ])('%s', (_what, text, shown) => {
    expect(logged(text)).not.toMatch(/s3/);
    expect(logged(text)).toContain(shown);
  });
});

describe('what is no secret stays', () => {
  it.each([
    'GET http://host:8080/orders?mail=a@b',
    '-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----',
    'the bearer is unknown',
    'mail a@b',
  ])('%j', (text) => {
    expect(logged(text)).toBe(text);
  });
});
