import { DomainError } from '@orders/contracts';
import { Backoff, sleep } from '@orders/resilience';
import { createLocalJWKSet, errors, type JSONWebKeySet, type JWTVerifyGetKey } from 'jose';
import type { Logger } from 'pino';
import { fetchKeys } from './fetch-keys.js';

const REFRESH_MS = 5 * 60_000;
/** A key that was just rotated in is refused for no longer than this; a flood of odd key ids costs one fetch in it. */
const COOLDOWN_MS = 5_000;
/** For how long keys stay good while the issuer does not answer: its outage must not become ours. */
const STALE_LIMIT_MS = 24 * 3_600_000;

interface Options {
  url: string;
  logger: Logger;
  fetch?: (url: string) => Promise<unknown>;
  now?: () => number;
}

/** The issuer's public keys: fetched ahead, refreshed behind the requests' back, kept when the issuer fails. */
export class KeySet {
  /** Grows when the keys change, so that what was checked with the old ones can be checked again. */
  version = 0;
  private keys: { find: ReturnType<typeof createLocalJWKSet>; text: string; at: number } | undefined;
  private fetching: Promise<boolean> | undefined;
  private triedAt = -Infinity;
  private readonly stopped = new AbortController();
  private readonly fetch: (url: string) => Promise<unknown>;
  private readonly now: () => number;

  constructor(private readonly options: Options) {
    this.fetch = options.fetch ?? fetchKeys;
    this.now = options.now ?? (() => performance.now());
  }

  /** Keeps the keys fresh until {@link stop}. */
  async run(): Promise<void> {
    const backoff = new Backoff({ baseMs: 200, maxMs: 10_000 });
    while (!this.stopped.signal.aborted) {
      const refreshed = await this.refresh();
      if (refreshed) backoff.reset();
      await sleep(refreshed ? REFRESH_MS : backoff.next(), this.stopped.signal);
    }
  }

  stop(): void {
    this.stopped.abort();
  }

  /** For readiness. */
  async check(): Promise<void> {
    this.current();
  }

  /** The key for a token's header; what jose asks for. */
  readonly find: JWTVerifyGetKey = async (header, token) => {
    if (!this.keys) await this.fetching;
    try {
      return await this.current()(header, token);
    } catch (error) {
      if (!(error instanceof errors.JWKSNoMatchingKey)) throw error;
      const tooSoon = this.now() - this.triedAt < COOLDOWN_MS;
      if (tooSoon && !this.fetching) throw error;
      await this.refresh();
      return this.current()(header, token);
    }
  };

  /** Fetches once, however many ask; true when keys came. Never rejects: the keys of before stay. */
  refresh(): Promise<boolean> {
    this.fetching ??= this.fetchOnce().finally(() => (this.fetching = undefined));
    return this.fetching;
  }

  private async fetchOnce(): Promise<boolean> {
    this.triedAt = this.now();
    try {
      const set = (await this.fetch(this.options.url)) as JSONWebKeySet;
      const find = createLocalJWKSet(set);
      if (set.keys.length === 0) throw new Error('the key set is empty');
      const text = JSON.stringify(set);
      if (text !== this.keys?.text) this.version += 1;
      this.keys = { find, text, at: this.now() };
      return true;
    } catch (error) {
      this.options.logger.warn(
        { err: error, haveKeys: this.keys !== undefined },
        'no token keys from the issuer',
      );
      return false;
    }
  }

  private current(): ReturnType<typeof createLocalJWKSet> {
    if (this.keys && this.now() - this.keys.at < STALE_LIMIT_MS) return this.keys.find;
    // 401 would tell callers to throw away tokens that may be good.
    throw new DomainError(
      'unavailable',
      'Access tokens cannot be checked now; the same request may be repeated',
    );
  }
}
