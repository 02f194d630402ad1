export interface RateLimitOptions {
  /** Tokens that come back a second; more than 0. */
  perSecond: number;
  /** Tokens of a full bucket; at least 1. */
  burst: number;
  /** How many keys are remembered; the one not seen for longest is forgotten, and starts anew. Default 10 000. */
  maxKeys?: number;
  /** Milliseconds of a monotonic clock. Default `performance.now`. */
  now?: () => number;
}

export interface RateDecision {
  allowed: boolean;
  /** Whole tokens left. */
  remaining: number;
  /** Until the bucket has a whole token again, in ms; 0 when it has one. */
  waitMs: number;
}

interface Bucket {
  tokens: number;
  at: number;
}

/** A token bucket for each key: over any t seconds a key is allowed `burst + perSecond * t` at most. */
export class RateLimit {
  /** The one not seen for longest comes first. */
  private readonly buckets = new Map<string, Bucket>();
  private readonly maxKeys: number;
  private readonly now: () => number;

  constructor(private readonly options: RateLimitOptions) {
    this.maxKeys = options.maxKeys ?? 10_000;
    this.now = options.now ?? (() => performance.now());
  }

  /** Takes one token of `key`, if there is one. */
  take(key: string): RateDecision {
    const { perSecond, burst } = this.options;
    const now = this.now();
    const { tokens, at } = this.buckets.get(key) ?? { tokens: burst, at: now };
    const filled = Math.min(burst, tokens + ((now - at) / 1_000) * perSecond);
    const allowed = filled >= 1;
    const left = allowed ? filled - 1 : filled;
    this.remember(key, { tokens: left, at: now });
    const waitMs = left >= 1 ? 0 : ((1 - left) / perSecond) * 1_000;
    return { allowed, remaining: Math.floor(left), waitMs };
  }

  private remember(key: string, bucket: Bucket): void {
    this.buckets.delete(key);
    this.buckets.set(key, bucket);
    if (this.buckets.size <= this.maxKeys) return;
    const [oldest] = this.buckets.keys();
    if (oldest !== undefined) this.buckets.delete(oldest);
  }
}
