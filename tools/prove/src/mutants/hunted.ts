import type { Mutant } from './mutant.ts';

/** The name of the build without a bug. */
export const CONTROL = 'none';

/** How it went with one mutant. */
export interface Hunted {
  mutant: Mutant;
  /** How many trials ran, the last one included. */
  trials: number;
  /** Of the last trial; the ones before had none. */
  findings: readonly string[];
  tookMs: number;
}

/** Was the bug seen as what it breaks, or, where there is none, nothing? */
export function isAsItShouldBe({ mutant, findings }: Hunted): boolean {
  if (mutant.name === CONTROL) return findings.length === 0;
  return findings.some((finding) => mutant.seenAs.some((invariant) => finding.startsWith(invariant)));
}
