import { setTimeout as delay } from 'node:timers/promises';

export interface UntilOptions {
  timeoutMs: number;
  /** Pause between two tries, in ms. Default 50. */
  everyMs?: number;
  signal?: AbortSignal | undefined;
  /** What is awaited, for the error. */
  what: string;
}

/**
 * Tries until the attempt returns something other than undefined or false. An attempt that throws ends it.
 * @throws when the time is over, or the signal's reason once it is aborted
 */
export async function until<T>(
  attempt: () => Promise<T | undefined | false>,
  options: UntilOptions,
): Promise<T> {
  const deadline = performance.now() + options.timeoutMs;
  for (;;) {
    options.signal?.throwIfAborted();
    const result = await attempt();
    if (result !== undefined && result !== false) return result;
    if (performance.now() > deadline) throw new Error(`${options.what}: not within ${options.timeoutMs} ms`);
    await delay(options.everyMs ?? 50);
  }
}

/** True when the URL answers 200 within two seconds. */
export async function answersOk(url: string): Promise<boolean> {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(2000) });
    await response.arrayBuffer();
    return response.status === 200;
  } catch {
    return false;
  }
}
