import { describe, expect, it } from '@jest/globals';
import { ConcurrencyLimit } from '@orders/resilience';
import { LANES, Overload } from './overload.hook.js';

const staying = new AbortController().signal;

function setUp(delayMs: number) {
  const limit = () => new ConcurrencyLimit({ max: 4, maxQueued: 0, maxQueueMs: 0 });
  const limits = { reads: limit(), writes: limit() };
  void limits.writes.enter('busy', staying);
  return new Overload({ limits, delay: { ms: delayMs }, maxDelayMs: 50 });
}

describe('a late event loop', () => {
  it.each([
    { delayMs: 49, busy: undefined, quiet: undefined },
    { delayMs: 50, busy: 'event-loop', quiet: undefined },
    { delayMs: 99, busy: 'event-loop', quiet: undefined },
    { delayMs: 100, busy: 'event-loop', quiet: 'event-loop' },
  ])('of $delayMs ms sheds those first who have a request inside', ({ delayMs, busy, quiet }) => {
    const overload = setUp(delayMs);
    for (const lane of LANES) {
      expect(overload.reasonAgainst('busy', lane)).toBe(busy);
      expect(overload.reasonAgainst('quiet', lane)).toBe(quiet);
    }
  });
});
