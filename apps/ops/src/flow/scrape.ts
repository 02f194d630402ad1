import type { Addresses } from '../system/addresses.js';
import { parseMetrics, type Sample } from './metrics-text.js';

/** What the replicas of the apps exported at one time. */
export interface Scrape {
  /** ms, by a clock that only grows. */
  readonly at: number;
  /** The samples of each replica that answered, by app and address. */
  readonly replicas: readonly Replica[];
}

export interface Replica {
  readonly app: string;
  readonly address: string;
  /** undefined when it did not answer. */
  readonly samples: readonly Sample[] | undefined;
}

const TIMEOUT_MS = 1_000;
const MAX_BYTES = 4 * 1024 * 1024;

/** Reads the metrics of all replicas, each within 1 s and 4 MiB. Never rejects. */
export async function scrapeAll(addresses: Addresses): Promise<Scrape> {
  const wanted = [...addresses].flatMap(([app, all]) => all.map((address) => ({ app, address })));
  const replicas = await Promise.all(
    wanted.map(async (replica) => ({ ...replica, samples: await scrape(replica.address) })),
  );
  return { at: performance.now(), replicas };
}

async function scrape(address: string): Promise<Sample[] | undefined> {
  try {
    const response = await fetch(`http://${address}/metrics`, {
      redirect: 'error',
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    if (!response.ok || !response.body) return undefined;
    return parseMetrics(await bounded(response.body as AsyncIterable<Uint8Array>));
  } catch {
    return undefined; // it is shown as down
  }
}

async function bounded(body: AsyncIterable<Uint8Array>): Promise<string> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of body) {
    size += chunk.byteLength;
    if (size > MAX_BYTES) throw new Error('more than 4 MiB of metrics');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}
