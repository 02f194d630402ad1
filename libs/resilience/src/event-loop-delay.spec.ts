import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { EventLoopDelay } from './event-loop-delay.js';
import { sleep } from './sleep.js';

const never = new AbortController().signal;

let delay: EventLoopDelay;
beforeEach(() => void (delay = new EventLoopDelay()));
afterEach(() => delay.stop());

/** Limit of a test, in ms: each waits for the value that it expects, however long that takes. */
const PATIENCE_MS = 60_000;

async function keepBusy(): Promise<void> {
  while (delay.ms <= 40) {
    for (const blocked = performance.now() + 60; performance.now() < blocked;);
    await sleep(1, never);
  }
}

it(
  'EventLoopDelay rises while the loop cannot keep up, and falls when it can again',
  async () => {
    expect(delay.ms).toBe(0);
    await keepBusy();
    while (delay.ms >= 10) await sleep(10, never);
  },
  PATIENCE_MS,
);

it(
  'EventLoopDelay is 0 after a reset',
  async () => {
    await keepBusy();
    delay.reset();
    expect(delay.ms).toBe(0);
  },
  PATIENCE_MS,
);
