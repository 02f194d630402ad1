import { expect, it } from '@jest/globals';
import { EventLoopDelay } from './event-loop-delay.js';
import { sleep } from './sleep.js';

const never = new AbortController().signal;

it('EventLoopDelay sees a loop that cannot keep up, and that it can again', async () => {
  const delay = new EventLoopDelay();
  try {
    expect(delay.ms).toBe(0);
    for (const until = performance.now() + 5_000; delay.ms < 40 && performance.now() < until;) {
      for (const blocked = performance.now() + 60; performance.now() < blocked;);
      await sleep(1, never);
    }
    expect(delay.ms).toBeGreaterThan(40);
    for (const until = performance.now() + 5_000; delay.ms > 10 && performance.now() < until;)
      await sleep(10, never);
    expect(delay.ms).toBeLessThan(10);
  } finally {
    delay.stop();
  }
});
