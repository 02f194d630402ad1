import type { Mutant } from './mutant.ts';

/** The name of the build without a bug. */
export const CONTROL = 'none';

/** The result for one mutant. */
export interface Hunted {
  mutant: Mutant;
  /** How many trials ran, the last one included. */
  trials: number;
  /** Findings of the last trial; the ones before had none. */
  findings: readonly string[];
  tookMs: number;
}

/** Whether a finding names what the bug breaks; for the build without a bug, whether there is no finding. */
export function isAsExpected(hunted: Hunted): boolean {
  return hunted.mutant.name === CONTROL ? hunted.findings.length === 0 : counted(hunted) !== undefined;
}

/** The finding that counts, else the first, else "nothing". Ids are left out. */
export function whatWasSeen(hunted: Hunted): string {
  const finding = counted(hunted) ?? hunted.findings[0] ?? 'nothing';
  return finding.replaceAll(/\b[0-9a-f]{8}-[0-9a-f-]{27}\b/g, '…').slice(0, 100);
}

/** The finding of the most telling invariant: the mutant lists them in that order. */
function counted({ mutant, findings }: Hunted): string | undefined {
  const found = mutant.seenAs.map((invariant) => findings.find((finding) => finding.startsWith(invariant)));
  return found.find((finding) => finding !== undefined);
}
