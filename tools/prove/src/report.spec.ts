import { describe, expect, it } from '@jest/globals';
import { asMarkdown, asText } from './report-formats.ts';
import { reportOf, type RunFacts, times } from './report.ts';
import type { TrialResult } from './trial.ts';

const none = { orders: 0, events: 0, effects: 0 };
const result = (over: Partial<TrialResult>): TrialResult => ({
  plan: { number: 1, faults: [{ fault: 'cut', target: 'orders-nats', offsetMs: 0, durationMs: 0 }] },
  figures: { attempts: 13, done: 10, refused: 1, unknown: 2, orders: 8, recovered: 1, serverErrors: 0 },
  findings: [],
  notInjected: [],
  lost: none,
  duplicated: none,
  phantom: none,
  streamDuplicates: 4,
  healMs: 100,
  drainMs: 5,
  tookMs: 1_000,
  ...over,
});

const facts: RunFacts = {
  seed: 's',
  commit: 'c0ffee',
  command: 'npm run prove -- --seed s',
  tookMs: 2_000,
  skipped: [{ fault: 'power cut', why: 'no loop device' }],
  setting: [['Node', 'v24']],
};
const report = reportOf(
  [result({}), result({ lost: { ...none, events: 1 }, findings: ['I5 gone'], healMs: undefined })],
  facts,
);

describe('the report', () => {
  it('as text: sums, times, what failed, what was left out, and how to repeat it', () => {
    const text = asText(report);
    expect(text).toMatch(/^trials +2 in 2 s, 1\.0 s each$/m);
    expect(text).toMatch(/^attempts +26\n= done +20\n\+ refused +2\n\+ unknown +4\norders +16$/m);
    expect(text).toMatch(/^lost orders +0$/m);
    expect(text).toMatch(/^lost events +1$/m);
    expect(text).toMatch(/^stream duplicates +8$/m);
    expect(text).toMatch(/^cut +2 +1 +26 +20 +2 +4 +16 +2 +1 +0 +0 +8 +100 ms \/ never \/ never +5 ms/m);
    expect(text).toMatch(/^again on c0ffee +npm run prove -- --seed s$/m);
    expect(text).toMatch(/^commit +c0ffee\nNode +v24\nseed +s\n/m);
    expect(text).toContain('trial 1: I5 gone');
    expect(text).toContain('not done: power cut: no loop device');
  });

  it('as Markdown: the same', () => {
    const text = asMarkdown(report).replaceAll(/ +/g, ' ');
    expect(text).toContain('| lost events | 1 |');
    expect(text).toContain('| Node | v24 |');
    expect(text).toContain(
      '| cut | 2 | 1 | 26 | 20 | 2 | 4 | 16 | 2 | 1 | 0 | 0 | 8 | 100 ms / never / never |',
    );
    expect(text).toContain('1 trial failed.');
    expect(text).toContain('- trial 1: I5 gone');
    expect(text).toContain('- power cut: no loop device');
  });

  it('does not count a fault that was not injected', () => {
    const missed = result({ notInjected: [{ fault: 'cut', why: 'no process reached it' }] });
    const { figures, faults } = reportOf([result({}), missed], facts);
    expect(figures).toContainEqual(['faults not injected', '1']);
    expect(faults.rows[0]?.slice(0, 2)).toEqual(['cut', '1']);
  });

  it('takes percentiles by nearest rank', () => {
    expect(times(Array.from({ length: 100 }, (_, n) => n + 1))).toBe('50 ms / 99 ms / 100 ms');
    expect(times([])).toBe('–');
  });
});
