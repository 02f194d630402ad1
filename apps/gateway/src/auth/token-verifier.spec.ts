import { beforeEach, describe, expect, it, jest } from '@jest/globals';
import {
  base64url,
  createLocalJWKSet,
  exportJWK,
  exportSPKI,
  generateKeyPair,
  SignJWT,
  type CryptoKey,
  type JWTHeaderParameters,
  type JWTPayload,
} from 'jose';

import { TokenVerifier } from './token-verifier.js';

const NOW = 1_800_000_000;
const RULES = { issuer: 'https://id.example', audience: 'orders-api', algorithms: ['RS256', 'ES256'] };

const [rsa, ec, ec384, stranger] = await Promise.all([
  generateKeyPair('RS256', { extractable: true }),
  generateKeyPair('ES256', { extractable: true }),
  generateKeyPair('ES384', { extractable: true }),
  generateKeyPair('RS256', { extractable: true }),
]);
const find = createLocalJWKSet({
  keys: [
    { ...(await exportJWK(rsa.publicKey)), kid: 'rsa' },
    { ...(await exportJWK(ec.publicKey)), kid: 'ec' },
    { ...(await exportJWK(ec384.publicKey)), kid: 'ec384' },
  ],
});

const GOOD: JWTPayload = {
  iss: RULES.issuer,
  aud: RULES.audience,
  sub: 'alice',
  scope: 'orders:read orders:write',
  iat: NOW,
  exp: NOW + 60,
};
const HEADER = { alg: 'RS256', kid: 'rsa' };

async function token(
  claims: Record<string, unknown> = {},
  header: Partial<JWTHeaderParameters> = {},
  key: CryptoKey | Uint8Array = rsa.privateKey,
): Promise<string> {
  return new SignJWT({ ...GOOD, ...claims }).setProtectedHeader({ ...HEADER, ...header }).sign(key);
}

/** A token with the given header, payload and signature. */
const forged = (header: object, payload: string, signature = '') =>
  `${base64url.encode(JSON.stringify(header))}.${base64url.encode(payload)}.${signature}`;

let keys: { find: typeof find; version: number };
let now: number;
let verifier: TokenVerifier;
beforeEach(() => {
  keys = { find: jest.fn(find) as never, version: 1 };
  now = NOW;
  verifier = new TokenVerifier(keys, RULES, () => now * 1_000);
});

const verify = (text: string) => verifier.verify(`Bearer ${text}`);

describe('a token is accepted', () => {
  it.each<[string, () => Promise<string>]>([
    ['by RS256', () => token()],
    ['by ES256', () => token({}, { alg: 'ES256', kid: 'ec' }, ec.privateKey)],
    ['with its audience in a list', () => token({ aud: ['other', 'orders-api'] })],
    ['with typ at+jwt', () => token({}, { typ: 'at+jwt' })],
    ['expired for 29 s', () => token({ exp: NOW - 29 })],
    ['issued by a clock that is 29 s ahead', () => token({ iat: NOW + 29 })],
  ])('%s', async (_, make) => {
    const caller = await verify(await make());
    expect(caller.id).toBe('alice');
    expect([...caller.scopes]).toEqual(['orders:read', 'orders:write']);
  });

  it('without a scope, and may do nothing', async () => {
    const { scopes } = await verify(await token({ scope: undefined }));
    expect(scopes.size).toBe(0);
  });
});

describe('a token is refused', () => {
  it.each<[string, () => Promise<string> | string]>([
    ['without an algorithm', () => forged({ alg: 'none' }, JSON.stringify(GOOD))],
    ['with alg None in capitals', () => forged({ alg: 'NONE', kid: 'rsa' }, JSON.stringify(GOOD))],
    [
      'signed by HMAC with the public key',
      async () => token({}, { alg: 'HS256' }, new TextEncoder().encode(await exportSPKI(rsa.publicKey))),
    ],
    [
      'by a good key whose algorithm is not allowed',
      () => token({}, { alg: 'ES384', kid: 'ec384' }, ec384.privateKey),
    ],
    ['signed by a stranger', () => token({}, {}, stranger.privateKey)],
    ['with an unknown key id', () => token({}, { kid: '../../etc/passwd' })],
    ['with a key id of SQL', () => token({}, { kid: "' or 1=1 --" })],
    ['with the key id of another type of key', () => token({}, { kid: 'ec' })],
    [
      'with its own key in the header',
      async () => token({}, { kid: 'own', jwk: await exportJWK(stranger.publicKey) }, stranger.privateKey),
    ],
    [
      'with a changed payload',
      async () => {
        const [header, , signature] = (await token()).split('.');
        return `${header}.${base64url.encode(JSON.stringify({ ...GOOD, sub: 'bob' }))}.${signature}`;
      },
    ],
    ['from another issuer', () => token({ iss: 'https://evil.example' })],
    ['from an issuer that differs by a slash', () => token({ iss: `${RULES.issuer}/` })],
    ['for another audience', () => token({ aud: 'other' })],
    ['without an audience', () => token({ aud: undefined })],
    ['without exp', () => token({ exp: undefined })],
    ['without sub', () => token({ sub: undefined })],
    ['without iat', () => token({ iat: undefined })],
    ['expired for 31 s', () => token({ exp: NOW - 31 })],
    ['not valid yet', () => token({ nbf: NOW + 31 })],
    ['issued in the future', () => token({ iat: NOW + 31 })],
    ['with exp as text', () => token({ exp: String(NOW + 60) })],
    ['with exp that is no whole number', () => token({ exp: NOW + 60.5 })],
    ['with an empty sub', () => token({ sub: '' })],
    ['with a sub that holds a line break', () => token({ sub: 'a\nb' })],
    ['with a sub of 129 characters', () => token({ sub: 'x'.repeat(129) })],
    ['with a sub that is a number', () => token({ sub: 7 })],
    [
      'with a critical extension',
      () => forged({ ...HEADER, crit: ['x'], x: 1 }, JSON.stringify(GOOD), 'AAAA'),
    ],
    ['of five parts, encrypted', () => 'a.b.c.d.e'],
    ['of random text', () => 'abc'],
    ['that is empty', () => ''],
    ['that is larger than 8 KiB', () => token({ padding: 'x'.repeat(8_192) })],
  ])('%s', async (_, make) => {
    const text = await make();
    await expect(verify(text)).rejects.toMatchObject({ code: 'unauthenticated' });
    await expect(verify(text)).rejects.toMatchObject({ code: 'unauthenticated' });
  });

  it('with exp 1e400', async () => {
    const payload = JSON.stringify({ ...GOOD, exp: 0 }).replace('"exp":0', '"exp":1e400');
    const head = `${base64url.encode(JSON.stringify(HEADER))}.${base64url.encode(payload)}`;
    const signature = await crypto.subtle.sign(
      'RSASSA-PKCS1-v1_5',
      rsa.privateKey,
      new TextEncoder().encode(head),
    );
    const text = `${head}.${base64url.encode(new Uint8Array(signature))}`;
    await expect(verify(text)).rejects.toMatchObject({ code: 'unauthenticated' });
  });
});

describe('a token that was verified', () => {
  const checks = () => (keys.find as unknown as jest.Mock).mock.calls.length;

  it('is not verified again until it expires', async () => {
    const text = await token();
    await verify(text);
    await verify(text);
    expect(checks()).toBe(1);
    now = NOW + 60 + 30;
    await expect(verify(text)).rejects.toMatchObject({ code: 'unauthenticated' });
  });

  it('does not make another token with the same end valid', async () => {
    const text = await token();
    await verify(text);
    const [header, , signature] = text.split('.');
    const payload = base64url.encode(JSON.stringify({ ...GOOD, sub: 'bob' }));
    await expect(verify(`${header}.${payload}.${signature}`)).rejects.toMatchObject({
      code: 'unauthenticated',
    });
    expect(await verify(text)).toMatchObject({ id: 'alice' });
    expect(checks()).toBe(2);
  });

  it('is verified again when the keys have changed', async () => {
    const text = await token();
    await verify(text);
    keys.version += 1;
    keys.find = (() => Promise.reject(new Error('the key was withdrawn'))) as never;
    await expect(verify(text)).rejects.toMatchObject({ code: 'unauthenticated' });
  });
});
