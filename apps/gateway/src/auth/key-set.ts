import { DomainError } from '@orders/contracts';
import { Backoff, sleep } from '@orders/resilience';
import { createLocalJWKSet, errors, type JSONWebKeySet, type JWTVerifyGetKey } from 'jose';
import type { Logger } from 'pino';
import { fetchKeys } from './fetch-keys.js';

const REFRESH_MS = 5 * 60_000;
/** Shortest time between fetches for unknown key ids: the longest that a newly rotated key is refused. */
const COOLDOWN_MS = 5_000;
/** How long keys stay valid while the issuer is down, so that its outage does not become ours. */
const STALE_LIMIT_MS = 24 * 3_600_000;

interface Options {
  url: string;
  logger: Logger;
  fetch?: (url: string) => Promise<unknown>;
  now?: () => number;
}

/** The issuer's public keys: fetched at the start, refreshed in the background, kept while the issuer is down. */
export class KeySet {
  /** Grows when the keys change, so that tokens verified with the old keys can be verified again. */
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

  /** The readiness check: rejects while there are no valid keys. */
  async check(): Promise<void> {
    this.current();
  }

  /** The key for a token's header, in the form that jose expects. */
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

  /** Concurrent calls share one fetch. True when it succeeded; never rejects, and keeps the previous keys on failure. */
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
        'the token keys could not be fetched from the issuer',
      );
      return false;
    }
  }

  private current(): ReturnType<typeof createLocalJWKSet> {
    if (this.keys && this.now() - this.keys.at < STALE_LIMIT_MS) return this.keys.find;
    // With 401 callers would throw away tokens that may be valid.
    throw new DomainError(
      'unavailable',
      'Access tokens cannot be checked now; the same request may be repeated',
    );
  }
}
