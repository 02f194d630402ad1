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
export function isAsItShouldBe(hunted: Hunted): boolean {
  return hunted.mutant.name === CONTROL ? hunted.findings.length === 0 : counted(hunted) !== undefined;
}

/** The finding that counts, else the first, without ids, which say nothing to a reader. */
export function whatWasSeen(hunted: Hunted): string {
  const finding = counted(hunted) ?? hunted.findings[0] ?? 'nothing';
  return finding.replaceAll(/\b[0-9a-f]{8}-[0-9a-f-]{27}\b/g, '…').slice(0, 100);
}

/** The invariants of a mutant are in the order in which they say the most. */
function counted({ mutant, findings }: Hunted): string | undefined {
  const found = mutant.seenAs.map((invariant) => findings.find((finding) => finding.startsWith(invariant)));
  return found.find((finding) => finding !== undefined);
}
