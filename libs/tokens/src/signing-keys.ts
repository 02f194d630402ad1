import { createPublicKey, type JsonWebKey } from 'node:crypto';
import {
  createLocalJWKSet,
  decodeProtectedHeader,
  errors,
  type JSONWebKeySet,
  type JWK,
  type JWTPayload,
  jwtVerify,
  type JWTVerifyGetKey,
  type JWTVerifyOptions,
} from 'jose';

/** The public keys of an issuer. */
export class SigningKeys {
  /** The ids of the keys; '' for one without. */
  readonly ids: readonly string[];
  /** Tells two sets apart. */
  readonly text: string;
  private readonly all: JWTVerifyGetKey;
  private readonly unnamed: JWTVerifyGetKey;

  /** @throws when the set has no key that can be used */
  constructor(set: unknown) {
    const keys = usableKeys(set);
    if (keys.length === 0) throw new Error('the key set has no usable key');
    this.ids = keys.map(({ kid }) => kid ?? '');
    this.text = JSON.stringify(keys);
    this.all = createLocalJWKSet({ keys });
    this.unnamed = createLocalJWKSet({ keys: keys.filter(({ kid }) => kid === undefined) });
  }

  /**
   * Verifies the signature and the claims of a token. Tries every key that fits the header: issuers leave out `kid`, or
   * give one to two keys.
   *
   * @throws an error of jose
   */
  async verify(token: string, options: JWTVerifyOptions): Promise<JWTPayload> {
    try {
      return (await jwtVerify(token, this.find, options)).payload;
    } catch (error) {
      if (!(error instanceof errors.JWKSMultipleMatchingKeys)) throw error;
      for await (const key of error) {
        const payload = await jwtVerify(token, key, options).then((result) => result.payload, ifSignature);
        if (payload) return payload;
      }
      throw new errors.JWSSignatureVerificationFailed();
    }
  }

  /** A key without an id may be that of any token. */
  private readonly find: JWTVerifyGetKey = async (header, token) => {
    try {
      return await this.all(header, token);
    } catch (error) {
      if (!(error instanceof errors.JWKSNoMatchingKey)) throw error;
      const { kid: _, ...rest } = header;
      return this.unnamed(rest, token);
    }
  };
}

/** Whether newer keys of the issuer might verify the token. */
export function mayNeedNewKeys(error: unknown, token: string): boolean {
  if (error instanceof errors.JWKSNoMatchingKey) return true;
  // Without an id a new key looks like an old one.
  return (
    error instanceof errors.JWSSignatureVerificationFailed && decodeProtectedHeader(token).kid === undefined
  );
}

function ifSignature(error: unknown): undefined {
  if (!(error instanceof errors.JWSSignatureVerificationFailed)) throw error;
}

function usableKeys(set: unknown): JWK[] {
  const { keys } = (set ?? {}) as Partial<JSONWebKeySet>;
  if (!Array.isArray(keys)) throw new Error('the answer is no key set');
  return keys.filter(isUsable).map(withoutEdwardsName);
}

/** RFC 7518 section 3.3; jose refuses shorter keys too. */
const MIN_RSA_BITS = 2_048;

/** Whether it is a public key that can be read: jose would find out only when a token needs it. */
function isUsable(key: unknown): boolean {
  if (typeof key !== 'object' || key === null || 'd' in key) return false;
  try {
    const { asymmetricKeyDetails } = createPublicKey({ key: key as JsonWebKey, format: 'jwk' });
    return (asymmetricKeyDetails?.modulusLength ?? MIN_RSA_BITS) >= MIN_RSA_BITS;
  } catch {
    return false;
  }
}

/** `EdDSA` (RFC 8037) and `Ed25519` (RFC 9864) are two names of one algorithm; the curve tells which it is. */
function withoutEdwardsName({ alg, ...key }: JWK): JWK {
  return alg === undefined || key.crv === 'Ed25519' ? key : { ...key, alg };
}
