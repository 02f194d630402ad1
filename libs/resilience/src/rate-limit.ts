import { LRUCache } from 'lru-cache';

export interface RateLimitOptions {
  /** Tokens added to a bucket each second; above 0. */
  perSecond: number;
  /** Tokens in a full bucket; at least 1. */
  burst: number;
  /** Most keys remembered. The least recently used one is forgotten, and starts again with a full bucket. Default 10 000. */
  maxKeys?: number;
  /** Milliseconds of a monotonic clock. Default `performance.now`. */
  now?: () => number;
}

export interface RateDecision {
  /** There was a token. */
  allowed: boolean;
  /** Whole tokens left. */
  remaining: number;
  /** Time until the bucket has a whole token, in ms; 0 when it has one. */
  waitMs: number;
}

interface Bucket {
  tokens: number;
  at: number;
}

/** A token bucket for each key: over any t seconds a key is allowed `burst + perSecond * t` at most. */
export class RateLimit {
  private readonly buckets: LRUCache<string, Bucket>;
  private readonly now: () => number;

  constructor(private readonly options: RateLimitOptions) {
    this.buckets = new LRUCache({ max: options.maxKeys ?? 10_000 });
    this.now = options.now ?? (() => performance.now());
  }

  /** Takes one token from the bucket of `key`, if there is one. */
  take(key: string): RateDecision {
    const bucket = this.bucketOf(key);
    const allowed = bucket.tokens >= 1;
    if (allowed) bucket.tokens -= 1;
    return this.decision(allowed, bucket.tokens);
  }

  /** What {@link take} would decide, without taking a token; counts as a use of the key. */
  peek(key: string): RateDecision {
    const { tokens } = this.bucketOf(key);
    return this.decision(tokens >= 1, tokens);
  }

  /** The bucket of `key`, with the tokens added by now. */
  private bucketOf(key: string): Bucket {
    const { perSecond, burst } = this.options;
    const now = this.now();
    let bucket = this.buckets.get(key);
    if (!bucket) this.buckets.set(key, (bucket = { tokens: burst, at: now }));
    bucket.tokens = Math.min(burst, bucket.tokens + ((now - bucket.at) / 1_000) * perSecond);
    bucket.at = now;
    return bucket;
  }

  private decision(allowed: boolean, left: number): RateDecision {
    const waitMs = left >= 1 ? 0 : ((1 - left) / this.options.perSecond) * 1_000;
    return { allowed, remaining: Math.floor(left), waitMs };
  }
}
