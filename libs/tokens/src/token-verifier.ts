import { DomainError, isPlainText, ORDER_LIMITS } from '@orders/contracts';
import { decodeProtectedHeader, type JWTPayload, type JWTVerifyOptions } from 'jose';
import { LRUCache } from 'lru-cache';

import type { KeySet } from './key-set.js';

/** The caller that an access token names. */
export interface Caller {
  /** The token's `sub`: the customer. */
  readonly id: string;
  readonly scopes: ReadonlySet<string>;
}

export interface TokenRules {
  issuer: string;
  audience: string;
  algorithms: readonly string[];
  /** The `typ` that tokens must have; undefined = at+jwt, JWT or none. */
  tokenType: string | undefined;
  /** Longest time from `iat` to `exp`, in ms. */
  maxLifetimeMs: number;
}

const BEARER = /^Bearer +([A-Za-z0-9._~+/-]+=*) *$/i;
/** The `typ` of access tokens, where it is not demanded. */
const ACCESS_TOKEN = /^(application\/)?(at\+)?jwt$/i;
/** Two names of one algorithm (RFC 8037, RFC 9864). */
const EDWARDS: readonly string[] = ['EdDSA', 'Ed25519'];
const MAX_LENGTH = 8_192;
const CLOCK_TOLERANCE_S = 30;
/** Largest number of verified tokens that are cached. */
const CACHE_SIZE = 10_000;

interface Verified {
  authorization: string;
  caller: Caller;
  /** Seconds since the epoch. */
  expiresAt: number;
  keysVersion: number;
}

/**
 * Verifies the access tokens of Authorization headers (RFC 9068; its `typ` is demanded only when the rules say so, because
 * many issuers leave it out). A verified token is cached until it expires or the issuer's keys change: checking its
 * signature costs more than the rest of a request. The cache compares whole headers, so that a hit needs no parsing.
 */
export class TokenVerifier {
  private readonly verified = new LRUCache<string, Verified>({ max: CACHE_SIZE });
  private readonly algorithms: string[];

  constructor(
    private readonly keys: Pick<KeySet, 'verify' | 'version'>,
    private readonly rules: TokenRules,
    private readonly now: () => number = Date.now,
  ) {
    this.algorithms = rules.algorithms.flatMap((name) => (EDWARDS.includes(name) ? EDWARDS : [name]));
  }

  /** @throws {DomainError} `unauthenticated`, or `unavailable` when there are no keys to check with */
  async verify(authorization: string): Promise<Caller> {
    const known = this.known(authorization);
    if (known) return known;
    if (authorization.length > MAX_LENGTH) throw invalid('it is longer than 8 KiB');
    const token = BEARER.exec(authorization)?.[1];
    if (token === undefined) throw new DomainError('unauthenticated', 'The request carries no bearer token');
    // From before the check: meanwhile the keys may change.
    const keysVersion = this.keys.version;
    const payload = await this.check(token);
    const caller = callerOf(payload);
    const entry = { authorization, caller, expiresAt: Number(payload.exp), keysVersion };
    this.verified.set(cacheKey(authorization), entry);
    return caller;
  }

  /** The caller of a header whose token is in the cache and still valid; undefined otherwise. */
  known(authorization: string): Caller | undefined {
    const entry = this.verified.get(cacheKey(authorization));
    if (entry?.authorization !== authorization || entry.keysVersion !== this.keys.version) return undefined;
    if (this.now() / 1_000 >= entry.expiresAt + CLOCK_TOLERANCE_S) return undefined;
    return entry.caller;
  }

  private async check(token: string): Promise<JWTPayload> {
    try {
      const payload = await this.keys.verify(token, this.options());
      this.checkType(token);
      this.checkTimes(payload);
      return payload;
    } catch (error) {
      if (error instanceof DomainError) throw error;
      throw invalid(reasonOf(error), error);
    }
  }

  private options(): JWTVerifyOptions {
    const { issuer, audience, tokenType } = this.rules;
    return {
      issuer,
      audience,
      algorithms: this.algorithms,
      requiredClaims: ['exp', 'sub', 'iat'],
      clockTolerance: CLOCK_TOLERANCE_S,
      currentDate: new Date(this.now()),
      ...(tokenType !== undefined && { typ: tokenType }),
    };
  }

  /** A token of another kind, such as a logout token, may look like an access token in all else (RFC 8725 section 3.11). */
  private checkType(token: string): void {
    const { typ } = decodeProtectedHeader(token);
    if (this.rules.tokenType === undefined && typ !== undefined && !ACCESS_TOKEN.test(typ))
      throw invalid(wrongClaim('typ'));
  }

  /** Times are whole or fractional seconds (RFC 7519 section 2). JSON's 1e400 is Infinity. */
  private checkTimes({ exp = NaN, iat = NaN }: JWTPayload): void {
    if (!Number.isFinite(exp)) throw invalid(wrongClaim('exp'));
    if (!(iat <= this.now() / 1_000 + CLOCK_TOLERANCE_S)) throw invalid('it was issued in the future');
    if (exp - iat > this.rules.maxLifetimeMs / 1_000) throw invalid('it is valid for too long');
  }
}

/**
 * The last characters of the signature, about 68 bits, because hashing the whole header for each request is expensive.
 * From 13 characters on V8 would keep a view of the header instead of a copy.
 */
function cacheKey(authorization: string): string {
  return authorization.slice(-12);
}

function callerOf({ sub, scope }: JWTPayload): Caller {
  const sane =
    typeof sub === 'string' &&
    sub.length > 0 &&
    sub.length <= ORDER_LIMITS.maxCustomerIdLength &&
    isPlainText(sub);
  if (!sane) throw invalid('its sub is no customer id');
  return { id: sub, scopes: new Set(typeof scope === 'string' ? scope.split(' ') : []) };
}

function invalid(reason: string, cause?: unknown): DomainError {
  return new DomainError('unauthenticated', `The access token is not valid: ${reason}`, { cause });
}

function wrongClaim(name: string): string {
  return `its ${name} is missing or wrong`;
}

const REASONS: Readonly<Record<string, string>> = {
  ERR_JWT_EXPIRED: 'it has expired',
  ERR_JWS_SIGNATURE_VERIFICATION_FAILED: 'its signature is wrong',
  ERR_JWKS_NO_MATCHING_KEY: 'it was signed with a key that the issuer does not have',
  ERR_JOSE_ALG_NOT_ALLOWED: 'its algorithm is not allowed',
};

function reasonOf(error: unknown): string {
  const { code, claim } = error as { code?: string; claim?: string };
  if (code === 'ERR_JWT_CLAIM_VALIDATION_FAILED' && claim) return wrongClaim(claim);
  return REASONS[code ?? ''] ?? 'it cannot be read';
}
