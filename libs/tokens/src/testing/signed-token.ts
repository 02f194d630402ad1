import {
  base64url,
  exportJWK,
  generateKeyPair,
  SignJWT,
  type CryptoKey,
  type JWTHeaderParameters,
  type JWTPayload,
} from 'jose';

/** The clock of the tests, in seconds. */
export const NOW = 1_800_000_000;

export const RULES = {
  issuer: 'https://id.example',
  audience: 'orders-api',
  algorithms: ['RS256', 'ES256'],
  tokenType: undefined,
  maxLifetimeMs: 86_400_000,
};

const pair = (algorithm: string) => generateKeyPair(algorithm, { extractable: true });

export const [rsa, ec, ec384, ed, stranger] = await Promise.all([
  pair('RS256'),
  pair('ES256'),
  pair('ES384'),
  pair('Ed25519'),
  pair('RS256'),
]);

/** The public key as a JWK; `fields` are added. */
export const publicJwk = async ({ publicKey }: { publicKey: CryptoKey }, fields: object = {}) => ({
  ...(await exportJWK(publicKey)),
  ...fields,
});

/** The claims of a valid token of alice's. */
export const CLAIMS: JWTPayload = {
  iss: RULES.issuer,
  aud: RULES.audience,
  sub: 'alice',
  scope: 'orders:read orders:write',
  iat: NOW,
  exp: NOW + 60,
};

export const HEADER = { alg: 'RS256', kid: 'rsa' };

/** A token whose claims and header differ from those of a valid one. */
export function token(
  claims: Record<string, unknown> = {},
  header: Record<string, unknown> = {},
  key: CryptoKey | Uint8Array = rsa.privateKey,
): Promise<string> {
  const protectedHeader: JWTHeaderParameters = { ...HEADER, ...header };
  return new SignJWT({ ...CLAIMS, ...claims }).setProtectedHeader(protectedHeader).sign(key);
}

/** A token with this header, payload and signature, none of which need be valid. */
export const forged = (header: object, payload: string, signature = '') =>
  `${base64url.encode(JSON.stringify(header))}.${base64url.encode(payload)}.${signature}`;

/** A token whose payload is this text, signed with the RSA key. */
export async function signedText(payload: string): Promise<string> {
  const head = `${base64url.encode(JSON.stringify(HEADER))}.${base64url.encode(payload)}`;
  const bytes = new TextEncoder().encode(head);
  const signature = await crypto.subtle.sign('RSASSA-PKCS1-v1_5', rsa.privateKey, bytes);
  return `${head}.${base64url.encode(new Uint8Array(signature))}`;
}
