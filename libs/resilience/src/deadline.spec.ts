import { describe, expect, it } from '@jest/globals';
import { Deadline } from './deadline.js';

describe('Deadline', () => {
  it('tells the time left, never below 0', () => {
    const deadline = Deadline.after(60_000);
    expect(deadline.remainingMs).toBeGreaterThan(59_000);
    expect(deadline.remainingMs).toBeLessThanOrEqual(60_000);
    expect(Deadline.after(0)).toMatchObject({ remainingMs: 0, expired: true });
  });

  it('aborts with a TimeoutError when it passes', async () => {
    const { signal } = Deadline.after(1);
    await new Promise((resolve) => signal.addEventListener('abort', resolve));
    expect(signal.reason).toMatchObject({ name: 'TimeoutError' });
  });

  it('aborts with the reason of a caller that went away', () => {
    const caller = new AbortController();
    const { signal } = Deadline.after(60_000, caller.signal);
    caller.abort(new Error('gone'));
    expect(signal.reason).toMatchObject({ message: 'gone' });
  });

  it('is over when it has passed, and when the caller went away', () => {
    const caller = new AbortController();
    const deadline = Deadline.after(60_000, caller.signal);
    expect(deadline.over).toBe(false);
    expect(Deadline.withoutTimer(caller.signal, 0).over).toBe(true);
    caller.abort();
    expect(deadline).toMatchObject({ over: true, expired: false });
  });

  it('can be the earliest or the latest of several, and can be shortened', () => {
    const { signal } = new AbortController();
    const several = [300, 100, 200].map((ms) => Deadline.withoutTimer(AbortSignal.abort(), ms));
    const [first, last] = [Deadline.earliest(several, signal), Deadline.latest(several, signal)];
    expect(Math.round(last.remainingMs - first.remainingMs)).toBe(200);
    expect(first).toMatchObject({ signal, over: false });
    expect(first.atMost(500).remainingMs).toBeLessThanOrEqual(100);
    expect(last.atMost(50).remainingMs).toBeLessThanOrEqual(50);
    expect(last.atMost(50).signal).toBe(signal);
  });
});
