import { describe, expect, it } from '@jest/globals';
import { ConcurrencyLimit } from '@orders/resilience';
import { Overload } from './overload.hook.js';

const staying = new AbortController().signal;

function setUp(delayMs: number) {
  const limit = new ConcurrencyLimit({ max: 4, maxQueued: 0, maxQueueMs: 0 });
  void limit.enter('busy', staying);
  return new Overload({ limit, delay: { ms: delayMs }, maxDelayMs: 50 });
}

describe('a late event loop', () => {
  it.each([
    { delayMs: 49, busy: undefined, quiet: undefined },
    { delayMs: 50, busy: 'event-loop', quiet: undefined },
    { delayMs: 99, busy: 'event-loop', quiet: undefined },
    { delayMs: 100, busy: 'event-loop', quiet: 'event-loop' },
  ])('of $delayMs ms sheds those first who have a request inside', ({ delayMs, busy, quiet }) => {
    const overload = setUp(delayMs);
    expect(overload.reasonAgainst('busy')).toBe(busy);
    expect(overload.reasonAgainst('quiet')).toBe(quiet);
  });
});
