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
    const now = this.now();
    const tokens = this.tokensOf(key, now);
    const allowed = tokens >= 1;
    const left = allowed ? tokens - 1 : tokens;
    this.remember(key, { tokens: left, at: now });
    return this.decision(allowed, left);
  }

  /** What {@link take} would say, without taking. */
  look(key: string): RateDecision {
    const tokens = this.tokensOf(key, this.now());
    return this.decision(tokens >= 1, tokens);
  }

  private tokensOf(key: string, now: number): number {
    const { perSecond, burst } = this.options;
    const { tokens, at } = this.buckets.get(key) ?? { tokens: burst, at: now };
    return Math.min(burst, tokens + ((now - at) / 1_000) * perSecond);
  }

  private decision(allowed: boolean, left: number): RateDecision {
    const waitMs = left >= 1 ? 0 : ((1 - left) / this.options.perSecond) * 1_000;
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
