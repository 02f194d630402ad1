import { describe, expect, it } from '@jest/globals';
import { report, times } from './report.ts';
import type { TrialResult } from './trial.ts';

const result = (over: Partial<TrialResult>): TrialResult => ({
  plan: { number: 1, faults: [{ fault: 'cut', target: 'orders-nats', offsetMs: 0, durationMs: 0 }] },
  figures: { attempts: 10, acknowledged: 8, unknown: 2, recovered: 1, serverErrors: 0 },
  findings: [],
  lost: 0,
  duplicated: 0,
  phantom: 0,
  streamDuplicates: 4,
  healMs: 100,
  drainMs: 5,
  tookMs: 1_000,
  ...over,
});

describe('the report', () => {
  it('sums what adds up, takes the last of what grows, and says how to repeat it', () => {
    const text = report([result({}), result({ lost: 1, findings: ['I1'], healMs: undefined })], {
      seed: 's',
      command: 'npm run prove -- --seed s',
      tookMs: 2_000,
      skipped: [{ fault: 'power cut', why: 'no loop device' }],
    });
    expect(text).toMatch(/^acknowledged +16$/m);
    expect(text).toMatch(/^lost +1$/m);
    expect(text).toMatch(/^stream duplicates +4$/m);
    expect(text).toMatch(/^cut +2 +1 +100 ms \/ never \/ never$/m);
    expect(text).toContain('npm run prove -- --seed s');
    expect(text).toContain('not done: power cut: no loop device');
  });

  it('takes percentiles by nearest rank', () => {
    expect(times(Array.from({ length: 100 }, (_, n) => n + 1))).toBe('50 ms / 99 ms / 100 ms');
    expect(times([])).toBe('–');
  });
});
