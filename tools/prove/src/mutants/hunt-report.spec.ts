import { describe, expect, it } from '@jest/globals';
import { CONTROL, isAsExpected, type Hunted } from './hunted.ts';
import { huntMarkdown, huntReport } from './hunt-report.ts';
import type { Mutant } from './mutant.ts';

const MUTANT: Mutant = {
  name: 'no-inbox',
  breaks: 'one effect | each',
  patches: [],
  exposedBy: { faults: [], targets: [] },
  seenAs: ['I6'],
};
const DOUBLE = 'I6 order 01979a3c-7f6e-7c1a-9b6d-2a4b8c1d5e6f has had 2 effects of 1 events';
const FACTS = { seed: 's', command: 'npm run prove -- --mutants --seed s' };

function hunted(findings: string[], over: Partial<Mutant> = {}): Hunted {
  return { mutant: { ...MUTANT, ...over }, trials: 7, findings, tookMs: 41_400 };
}

describe('a mutant', () => {
  it('is caught by a finding about what it breaks, and by no other', () => {
    expect(isAsExpected(hunted(['I8 healed after no time', DOUBLE]))).toBe(true);
    expect(isAsExpected(hunted(['I8 healed after no time']))).toBe(false);
    expect(isAsExpected(hunted([]))).toBe(false);
  });

  it('is none in the control build, which must have no finding', () => {
    expect(isAsExpected(hunted([], { name: CONTROL, seenAs: [] }))).toBe(true);
    expect(isAsExpected(hunted([DOUBLE], { name: CONTROL, seenAs: [] }))).toBe(false);
  });
});

describe('the report on mutants', () => {
  it('shows for each the trial that caught it and the finding, or that it survived', () => {
    const text = huntReport([hunted([DOUBLE]), hunted([]), hunted(['I8 slow'])], FACTS);
    expect(text).toMatch(/^no-inbox +one effect \| each +7 +I6 order … has had 2 effects of 1 events +41$/m);
    expect(text).toMatch(/SURVIVED 7 +nothing/);
    expect(text).toMatch(/OTHERWISE in 7 +I8 slow/);
    expect(text).toContain(FACTS.command);
  });

  it('is a Markdown table too', () => {
    const text = huntMarkdown([hunted([DOUBLE]), hunted([], { name: CONTROL })], FACTS);
    expect(text).toMatch(
      /^\| no-inbox \| one effect \\\| each \| 7 +\| I6 order … has had 2 effects of 1 events \| 41 +\|$/m,
    );
    expect(text).toMatch(/^\| none +\| one effect \\\| each \| clean in 7 +\| nothing +\| 41 +\|$/m);
  });
});
