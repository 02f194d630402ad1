import { beforeEach, describe, expect, it, jest } from '@jest/globals';
import { base64url, type JWTVerifyOptions } from 'jose';
import { CLAIMS, NOW, publicJwk, RULES, rsa, token } from './testing/signed-token.js';
import { SigningKeys } from './signing-keys.js';
import { TokenVerifier } from './token-verifier.js';

const signing = new SigningKeys({ keys: [await publicJwk(rsa, { kid: 'rsa' })] });
const verifySignature = (text: string, options: JWTVerifyOptions) => signing.verify(text, options);

let keys: { verify: jest.Mock<typeof verifySignature>; version: number };
let now: number;
let verifier: TokenVerifier;
beforeEach(() => {
  keys = { verify: jest.fn(verifySignature), version: 1 };
  now = NOW;
  verifier = new TokenVerifier(keys, RULES, () => now * 1_000);
});

const verify = (text: string) => verifier.verify(`Bearer ${text}`);
const checks = () => keys.verify.mock.calls.length;

describe('a token that was verified', () => {
  it('is not verified again until it expires', async () => {
    const text = await token();
    await verify(text);
    await verify(text);
    expect(checks()).toBe(1);
    now = NOW + 60 + 30;
    await expect(verify(text)).rejects.toMatchObject({ code: 'unauthenticated' });
  });

  it('is valid to a fraction of a second', async () => {
    const text = await token({ exp: NOW + 0.5 });
    await verify(text);
    now = NOW + 30.4;
    expect(verifier.known(`Bearer ${text}`)).toBeDefined();
    now = NOW + 30.5;
    expect(verifier.known(`Bearer ${text}`)).toBeUndefined();
  });

  it('does not make another token with the same end valid', async () => {
    const text = await token();
    await verify(text);
    const [header, , signature] = text.split('.');
    const payload = base64url.encode(JSON.stringify({ ...CLAIMS, sub: 'bob' }));
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
    keys.verify.mockRejectedValue(new Error('the key was withdrawn'));
    await expect(verify(text)).rejects.toMatchObject({ code: 'unauthenticated' });
  });

  it('is verified again when the keys have changed meanwhile', async () => {
    const text = await token();
    keys.verify.mockImplementationOnce(async (...args) => {
      keys.version += 1;
      return verifySignature(...args);
    });
    await verify(text);
    expect(verifier.known(`Bearer ${text}`)).toBeUndefined();
  });
});

it('a token that was refused is refused again', async () => {
  const text = await token({ aud: 'other' });
  for (const _ of [1, 2]) await expect(verify(text)).rejects.toMatchObject({ code: 'unauthenticated' });
});
