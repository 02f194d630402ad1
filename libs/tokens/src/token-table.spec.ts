import { describe, expect, it } from '@jest/globals';
import { createLogger } from '@orders/instrumentation';
import { CompactEncrypt, base64url, exportJWK, exportSPKI, type JWK } from 'jose';
import {
  CLAIMS,
  ec,
  ec384,
  ed,
  forged,
  HEADER,
  NOW,
  publicJwk,
  RULES,
  rsa,
  signedText,
  stranger,
  token,
} from './testing/signed-token.js';
import { KeySet } from './key-set.js';
import { TokenVerifier } from './token-verifier.js';

type Token = string | Promise<string>;

const KEYS = [
  await publicJwk(rsa, { kid: 'rsa' }),
  await publicJwk(ec, { kid: 'ec' }),
  await publicJwk(ec384, { kid: 'ec384' }),
];
const logger = createLogger({ name: 'test', level: 'silent' });

/** Who a token is for, and with which scopes, by an issuer with these keys; else why it is refused. */
async function outcomeOf(text: Token, keys: JWK[] = KEYS, rules: object = {}): Promise<string> {
  const set = new KeySet({ fetch: async () => ({ keys }), logger, now: () => 0 });
  await set.refresh();
  const verifier = new TokenVerifier(set, { ...RULES, ...rules }, () => NOW * 1_000);
  try {
    const { id, scopes } = await verifier.verify(`Bearer ${await text}`);
    return `${id} ${[...scopes].join('+')}`.trim();
  } catch (error) {
    expect(error).toMatchObject({ code: 'unauthenticated' });
    return (error as Error).message.replace('The access token is not valid: ', '');
  }
}

const ALICE = 'alice orders:read+orders:write';
const ALG = 'its algorithm is not allowed';
const KEY = 'it was signed with a key that the issuer does not have';
const SIGNATURE = 'its signature is wrong';
const UNREADABLE = 'it cannot be read';
const SUB = 'its sub is no customer id';
const wrong = (claim: string) => `its ${claim} is missing or wrong`;

describe('the token table: a token', () => {
  it.each<[string, () => Token, string]>([
    ['by RS256', () => token(), ALICE],
    ['by ES256', () => token({}, { alg: 'ES256', kid: 'ec' }, ec.privateKey), ALICE],
    ['with its audience in a list', () => token({ aud: ['other', 'orders-api'] }), ALICE],
    ['with typ JWT', () => token({}, { typ: 'JWT' }), ALICE],
    ['with typ at+jwt', () => token({}, { typ: 'at+jwt' }), ALICE],
    ['with typ application/at+JWT', () => token({}, { typ: 'application/at+JWT' }), ALICE],
    ['of another typ', () => token({}, { typ: 'logout+jwt' }), wrong('typ')],
    ['with a typ that is no text', () => token({}, { typ: 7 }), wrong('typ')],
    ['expired for 29 s', () => token({ exp: NOW - 29, iat: NOW - 60 }), ALICE],
    ['expired for 31 s', () => token({ exp: NOW - 31, iat: NOW - 60 }), 'it has expired'],
    ['with a fractional exp', () => token({ exp: NOW + 60.5 }), ALICE],
    ['with a fractional nbf and iat', () => token({ nbf: NOW - 0.5, iat: NOW - 0.25 }), ALICE],
    ['issued by a clock that is 29 s ahead', () => token({ iat: NOW + 29 }), ALICE],
    ['issued by a clock that is 31 s ahead', () => token({ iat: NOW + 31 }), 'it was issued in the future'],
    ['valid from 29 s on', () => token({ nbf: NOW + 29 }), ALICE],
    ['valid from 31 s on', () => token({ nbf: NOW + 31 }), wrong('nbf')],
    ['valid for a day', () => token({ exp: NOW + 86_400 }), ALICE],
    ['valid for more than a day', () => token({ exp: NOW + 86_401 }), 'it is valid for too long'],
    ['without a scope', () => token({ scope: undefined }), 'alice'],
    ['with a scope that is a list', () => token({ scope: ['orders:admin'] }), 'alice'],
    ['without exp', () => token({ exp: undefined }), wrong('exp')],
    ['with exp as text', () => token({ exp: String(NOW + 60) }), wrong('exp')],
    [
      'with exp 1e400',
      () => signedText(JSON.stringify(CLAIMS).replace(/"exp":\d+/, '"exp":1e400')),
      wrong('exp'),
    ],
    ['without iat', () => token({ iat: undefined }), wrong('iat')],
    ['without sub', () => token({ sub: undefined }), wrong('sub')],
    ['with an empty sub', () => token({ sub: '' }), SUB],
    ['with a sub that holds a line break', () => token({ sub: 'a\nb' }), SUB],
    ['with a sub of 128 characters', () => token({ sub: 'x'.repeat(128), scope: '' }), 'x'.repeat(128)],
    ['with a sub of 129 characters', () => token({ sub: 'x'.repeat(129) }), SUB],
    ['with a sub that is a number', () => token({ sub: 7 }), SUB],
    ['from another issuer', () => token({ iss: 'https://evil.example' }), wrong('iss')],
    ['from an issuer that differs by a slash', () => token({ iss: `${RULES.issuer}/` }), wrong('iss')],
    ['for another audience', () => token({ aud: 'other' }), wrong('aud')],
    ['without an audience', () => token({ aud: undefined }), wrong('aud')],
    ['without an algorithm', () => forged({ alg: 'none' }, JSON.stringify(CLAIMS)), ALG],
    ['with alg NONE', () => forged({ alg: 'NONE', kid: 'rsa' }, JSON.stringify(CLAIMS)), ALG],
    [
      'signed by HMAC with the public key',
      async () => token({}, { alg: 'HS256' }, new TextEncoder().encode(await exportSPKI(rsa.publicKey))),
      ALG,
    ],
    [
      'by an algorithm that is not allowed',
      () => token({}, { alg: 'ES384', kid: 'ec384' }, ec384.privateKey),
      ALG,
    ],
    ['signed by a stranger', () => token({}, {}, stranger.privateKey), SIGNATURE],
    [
      'signed by a stranger, without kid',
      () => token({}, { kid: undefined }, stranger.privateKey),
      SIGNATURE,
    ],
    ['with a path as kid', () => token({}, { kid: '../../etc/passwd' }), KEY],
    ['with SQL as kid', () => token({}, { kid: "' or 1=1 --" }), KEY],
    ['with a kid of 1 MB', () => token({}, { kid: 'x'.repeat(1_000_000) }), 'it is longer than 8 KiB'],
    ['with a kid that is no text', () => token({}, { kid: 1 }), KEY],
    ['with the kid of another type of key', () => token({}, { kid: 'ec' }), KEY],
    [
      'with its own key in the header',
      async () => token({}, { kid: 'own', jwk: await exportJWK(stranger.publicKey) }, stranger.privateKey),
      KEY,
    ],
    [
      'with a changed payload',
      async () => {
        const [header, , signature] = (await token()).split('.');
        return `${header}.${base64url.encode(JSON.stringify({ ...CLAIMS, sub: 'bob' }))}.${signature}`;
      },
      SIGNATURE,
    ],
    [
      'with a critical extension',
      () => forged({ ...HEADER, crit: ['x'], x: 1 }, JSON.stringify(CLAIMS), 'AAAA'),
      UNREADABLE,
    ],
    [
      'that is encrypted',
      async () =>
        new CompactEncrypt(new TextEncoder().encode(await token()))
          .setProtectedHeader({ alg: 'dir', enc: 'A256GCM', cty: 'JWT' })
          .encrypt(new Uint8Array(32)),
      UNREADABLE,
    ],
    ['whose payload is a list', () => signedText('[]'), UNREADABLE],
    ['of random text', () => 'abc', UNREADABLE],
    ['that is empty', () => '', 'The request carries no bearer token'],
    ['that is larger than 8 KiB', () => token({ padding: 'x'.repeat(8_192) }), 'it is longer than 8 KiB'],
  ])('%s', async (_, make, outcome) => {
    expect(await outcomeOf(make())).toBe(outcome);
  });
});

describe('by the keys of the issuer, a token', () => {
  const byEd = (alg: string) => token({}, { alg, kid: 'ed' }, ed.privateKey);
  const unnamed = { kid: undefined };

  // Each but the last two was refused.
  it.each<[string, () => Token, () => Promise<JWK>[], string]>([
    [
      'without kid, where two keys have none',
      () => token({}, unnamed),
      () => [publicJwk(stranger), publicJwk(rsa)],
      ALICE,
    ],
    [
      'without kid, where two keys have one',
      () => token({}, unnamed),
      () => [publicJwk(stranger, { kid: 'a' }), publicJwk(rsa, { kid: 'b' })],
      ALICE,
    ],
    [
      'whose kid two keys have',
      () => token(),
      () => [publicJwk(stranger, { kid: 'rsa' }), publicJwk(rsa, { kid: 'rsa' })],
      ALICE,
    ],
    [
      'expired, whose kid two keys have',
      () => token({ exp: NOW - 31, iat: NOW - 60 }),
      () => [publicJwk(stranger, { kid: 'rsa' }), publicJwk(rsa, { kid: 'rsa' })],
      'it has expired',
    ],
    [
      'with kid, where the key has none',
      () => token(),
      () => [publicJwk(stranger, { kid: 'a' }), publicJwk(rsa)],
      ALICE,
    ],
    [
      'by Ed25519 with a key for EdDSA',
      () => byEd('Ed25519'),
      () => [publicJwk(ed, { kid: 'ed', alg: 'EdDSA' })],
      ALICE,
    ],
    [
      'by EdDSA with a key for Ed25519',
      () => byEd('EdDSA'),
      () => [publicJwk(ed, { kid: 'ed', alg: 'Ed25519' })],
      ALICE,
    ],
    [
      'where another key is not readable',
      () => token({}, unnamed),
      () => [publicJwk(rsa), publicJwk(stranger, { kid: 'x', n: '?' })],
      ALICE,
    ],
    [
      'signed by none of several keys',
      () => token({}, unnamed, stranger.privateKey),
      () => [publicJwk(rsa), publicJwk(rsa)],
      SIGNATURE,
    ],
    ['whose key is for encryption', () => token(), () => [publicJwk(rsa, { kid: 'rsa', use: 'enc' })], KEY],
  ])('%s', async (_, make, keys, outcome) => {
    const rules = { algorithms: ['RS256', 'EdDSA'] };
    expect(await outcomeOf(make(), await Promise.all(keys()), rules)).toBe(outcome);
  });
});

describe('where the typ at+jwt is demanded, a token', () => {
  it.each([
    ['at+jwt', ALICE],
    ['application/at+jwt', ALICE],
    ['JWT', wrong('typ')],
    [undefined, wrong('typ')],
  ])('with typ %s', async (typ, outcome) => {
    expect(await outcomeOf(token({}, { typ }), KEYS, { tokenType: 'at+jwt' })).toBe(outcome);
  });
});
