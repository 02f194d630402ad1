import { describe, expect, it } from '@jest/globals';
import { WakeUp } from './wake-up.js';

const never = new AbortController().signal;

describe('WakeUp', () => {
  it('wakes the sleeper', async () => {
    const wakeUp = new WakeUp();
    const slept = wakeUp.wait(60_000, never);
    wakeUp.wake();
    await slept;
  });

  it('keeps wake-ups that come while nobody waits, as one', async () => {
    const wakeUp = new WakeUp();
    wakeUp.wake();
    wakeUp.wake();
    await wakeUp.wait(60_000, never);
    let woken = false;
    const second = wakeUp.wait(60_000, never).then(() => (woken = true));
    await Promise.resolve();
    expect(woken).toBe(false);
    wakeUp.wake();
    await second;
  });

  it('ends when the signal aborts and when its time is up', async () => {
    const controller = new AbortController();
    const slept = new WakeUp().wait(60_000, controller.signal);
    controller.abort();
    await slept;
    await new WakeUp().wait(1, never);
  });
});
