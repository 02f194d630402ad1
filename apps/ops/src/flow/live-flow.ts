import { sleep } from '@orders/resilience';
import type { Addresses } from '../system/addresses.js';
import { type Flow, flowBetween } from './flow.js';
import { type Scrape, scrapeAll } from './scrape.js';

const INTERVAL_MS = 1_000;
const RECENT_MS = 5_000;

/** The flow, scraped once a second while somebody looks, however many do. */
export class LiveFlow {
  private latest: Promise<Flow> | undefined;
  private scraped: Scrape | undefined;
  private startedAt = -Infinity;

  constructor(private readonly addresses: Addresses) {}

  /** The flow of this second. Never rejects. */
  now(): Promise<Flow> {
    const due = performance.now() - this.startedAt >= INTERVAL_MS;
    if (!this.latest || due) {
      this.startedAt = performance.now();
      this.latest = this.scrape();
    }
    return this.latest;
  }

  /** The flow again and again, once a second, until `signal` aborts. */
  async *watch(signal: AbortSignal): AsyncGenerator<Flow> {
    while (!signal.aborted) {
      yield await this.now();
      await sleep(INTERVAL_MS, signal);
    }
  }

  private async scrape(): Promise<Flow> {
    const before = this.scraped;
    this.scraped = await scrapeAll(this.addresses);
    // An older one tells what has flowed since somebody looked last, not what flows now.
    const isRecent = before && this.scraped.at - before.at < RECENT_MS;
    return flowBetween(isRecent ? before : undefined, this.scraped);
  }
}
