import { DomainError } from '@orders/contracts';
import { Backoff, sleep } from '@orders/resilience';
import type { JWTPayload, JWTVerifyOptions } from 'jose';
import type { Logger } from 'pino';
import { mayNeedNewKeys, SigningKeys } from './signing-keys.js';

const REFRESH_MS = 5 * 60_000;
/** Shortest time between fetches for unknown keys: the longest that a newly rotated key is refused. */
const COOLDOWN_MS = 5_000;
/** How long keys stay valid while the issuer is down, so that its outage does not become ours. */
const STALE_LIMIT_MS = 24 * 3_600_000;

interface Options {
  /** Fetches the key set, of which nothing is checked yet. */
  fetch: () => Promise<unknown>;
  logger: Logger;
  now?: () => number;
  /** Called after each fetch. */
  onFetched?: (outcome: 'ok' | 'failed') => void;
}

/** The issuer's public keys: fetched at the start, refreshed in the background, kept while the issuer is down. */
export class KeySet {
  private changes = 0;
  private keys: SigningKeys | undefined;
  /** When the keys were fetched; until then, when this was made. */
  private fetchedAt: number;
  private fetching: Promise<boolean> | undefined;
  private triedAt = -Infinity;
  /** Why the last fetch failed, and whether there are valid keys all the same: each change is one line of the log. */
  private trouble: string | undefined;
  private readonly stopped = new AbortController();
  private readonly now: () => number;

  constructor(private readonly options: Options) {
    this.now = options.now ?? (() => performance.now());
    this.fetchedAt = this.now();
  }

  /**
   * Grows when the keys change, so that tokens verified with the old keys can be verified again. NaN, which equals nothing,
   * while there are no valid keys.
   */
  get version(): number {
    return this.usable ? this.changes : NaN;
  }

  /** How long ago the keys were fetched, in ms; before that, how long they have been missing. */
  get ageMs(): number {
    return this.now() - this.fetchedAt;
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

  /**
   * Verifies the signature and the claims of a token. When the issuer may have newer keys, fetches them first.
   *
   * @throws {DomainError} `unavailable` while there are no valid keys; otherwise an error of jose
   */
  async verify(token: string, rules: JWTVerifyOptions): Promise<JWTPayload> {
    if (!this.keys) await this.fetching;
    try {
      return await this.current().verify(token, rules);
    } catch (error) {
      if (!mayNeedNewKeys(error, token)) throw error;
      const tooSoon = this.now() - this.triedAt < COOLDOWN_MS;
      if (tooSoon && !this.fetching) throw error;
      await this.refresh();
      return this.current().verify(token, rules);
    }
  }

  /** Concurrent calls share one fetch. True when it succeeded; never rejects, and keeps the previous keys on failure. */
  refresh(): Promise<boolean> {
    this.fetching ??= this.fetchOnce().finally(() => (this.fetching = undefined));
    return this.fetching;
  }

  private async fetchOnce(): Promise<boolean> {
    this.triedAt = this.now();
    try {
      this.use(new SigningKeys(await this.options.fetch()));
      this.options.onFetched?.('ok');
      return true;
    } catch (error) {
      this.report(error);
      this.options.onFetched?.('failed');
      return false;
    }
  }

  private use(keys: SigningKeys): void {
    const changed = keys.text !== this.keys?.text;
    if (changed) this.changes += 1;
    if (changed || this.trouble !== undefined)
      this.options.logger.info({ keys: keys.ids, changed }, 'the token keys were fetched from the issuer');
    this.trouble = undefined;
    this.keys = keys;
    this.fetchedAt = this.now();
  }

  private report(error: unknown): void {
    const { usable } = this;
    const { cause } = error as { cause?: { code?: unknown } };
    const trouble = `${usable} ${String(error)} ${String(cause?.code)}`;
    if (trouble === this.trouble) return;
    this.trouble = trouble;
    const line = { err: error, ageSeconds: Math.round(this.ageMs / 1_000) };
    if (usable)
      this.options.logger.warn(line, 'the token keys could not be fetched; the last ones stay valid');
    else this.options.logger.error(line, 'there are no token keys: every request with a token gets 503');
  }

  private get usable(): boolean {
    return this.keys !== undefined && this.ageMs < STALE_LIMIT_MS;
  }

  private current(): SigningKeys {
    if (this.keys && this.usable) return this.keys;
    // With 401 callers would throw away tokens that may be valid.
    throw new DomainError(
      'unavailable',
      'Access tokens cannot be checked now; the same request may be repeated',
    );
  }
}
