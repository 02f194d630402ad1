import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { EventLoopDelay } from './event-loop-delay.js';
import { sleep } from './sleep.js';

const never = new AbortController().signal;

let delay: EventLoopDelay;
beforeEach(() => void (delay = new EventLoopDelay()));
afterEach(() => delay.stop());

async function keepBusy(): Promise<void> {
  for (const until = performance.now() + 5_000; delay.ms < 40 && performance.now() < until;) {
    for (const blocked = performance.now() + 60; performance.now() < blocked;);
    await sleep(1, never);
  }
}

it('EventLoopDelay rises while the loop cannot keep up, and falls when it can again', async () => {
  expect(delay.ms).toBe(0);
  await keepBusy();
  expect(delay.ms).toBeGreaterThan(40);
  for (const until = performance.now() + 5_000; delay.ms > 10 && performance.now() < until;)
    await sleep(10, never);
  expect(delay.ms).toBeLessThan(10);
});

it('EventLoopDelay is 0 after a reset', async () => {
  await keepBusy();
  expect(delay.ms).toBeGreaterThan(40);
  delay.reset();
  expect(delay.ms).toBe(0);
});
