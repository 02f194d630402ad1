import { DomainError, isPlainText, ORDER_LIMITS } from '@orders/contracts';
import { jwtVerify, type JWTPayload } from 'jose';
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
}

const BEARER = /^Bearer +([A-Za-z0-9._~+/-]+=*) *$/i;
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
 * Verifies the access tokens of Authorization headers (RFC 9068 without its `typ`, which many issuers leave out). A
 * verified token is cached until it expires or the issuer's keys change: checking its signature costs more than the rest
 * of a request. The cache compares whole headers, so that a hit needs no parsing.
 */
export class TokenVerifier {
  private readonly verified = new LRUCache<string, Verified>({ max: CACHE_SIZE });

  constructor(
    private readonly keys: Pick<KeySet, 'find' | 'version'>,
    private readonly rules: TokenRules,
    private readonly now: () => number = Date.now,
  ) {}

  /** @throws {DomainError} `unauthenticated`, or `unavailable` when there are no keys to check with */
  async verify(authorization: string): Promise<Caller> {
    const known = this.known(authorization);
    if (known) return known;
    if (authorization.length > MAX_LENGTH) throw invalid('it is longer than 8 KiB');
    const token = BEARER.exec(authorization)?.[1];
    if (token === undefined) throw new DomainError('unauthenticated', 'The request carries no bearer token');
    const payload = await this.check(token);
    const caller = callerOf(payload);
    const entry = { authorization, caller, expiresAt: Number(payload.exp), keysVersion: this.keys.version };
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
      const { payload } = await jwtVerify(token, this.keys.find, {
        issuer: this.rules.issuer,
        audience: this.rules.audience,
        algorithms: [...this.rules.algorithms],
        requiredClaims: ['exp', 'sub', 'iat'],
        clockTolerance: CLOCK_TOLERANCE_S,
        currentDate: new Date(this.now()),
      });
      if (!Number.isSafeInteger(payload.exp)) throw invalid('its exp is no time');
      if (!((payload.iat ?? Infinity) <= this.now() / 1_000 + CLOCK_TOLERANCE_S))
        throw invalid('it was issued in the future');
      return payload;
    } catch (error) {
      if (error instanceof DomainError) throw error;
      throw invalid(reasonOf(error), error);
    }
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

const REASONS: Readonly<Record<string, string>> = {
  ERR_JWT_EXPIRED: 'it has expired',
  ERR_JWS_SIGNATURE_VERIFICATION_FAILED: 'its signature is wrong',
  ERR_JWKS_NO_MATCHING_KEY: 'it was signed with a key that the issuer does not have',
  ERR_JOSE_ALG_NOT_ALLOWED: 'its algorithm is not allowed',
};

function reasonOf(error: unknown): string {
  const { code, claim } = error as { code?: string; claim?: string };
  if (code === 'ERR_JWT_CLAIM_VALIDATION_FAILED' && claim) return `its ${claim} is missing or wrong`;
  return REASONS[code ?? ''] ?? 'it cannot be read';
}
