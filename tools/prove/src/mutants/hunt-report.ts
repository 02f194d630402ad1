import { markdownTable, textTable } from '@orders/dev/tables';
import { CONTROL, isAsExpected, whatWasSeen, type Hunted } from './hunted.ts';

export interface HuntFacts {
  seed: string;
  /** The command that repeats the hunt. */
  command: string;
}

const COLUMNS = ['mutant', 'promise broken', 'caught in trial', 'seen as', 'seconds'] as const;

/** The result as text. */
export function huntReport(hunted: readonly Hunted[], { seed, command }: HuntFacts): string {
  return [textTable(COLUMNS, hunted.map(cells)), '', `seed   ${seed}`, `again  ${command}`].join('\n');
}

/** The result as a Markdown table. */
export function huntMarkdown(hunted: readonly Hunted[], { seed, command }: HuntFacts): string {
  return `${markdownTable(COLUMNS, hunted.map(cells))}\n\nSeed \`${seed}\`; again: \`${command}\`.\n`;
}

function cells(hunted: Hunted): string[] {
  const { mutant, tookMs } = hunted;
  return [
    mutant.platform === undefined ? mutant.name : `${mutant.name} (${mutant.platform})`,
    mutant.breaks,
    outcome(hunted),
    whatWasSeen(hunted),
    String(Math.round(tookMs / 1_000)),
  ];
}

function outcome(hunted: Hunted): string {
  const { mutant, trials, findings } = hunted;
  if (mutant.name === CONTROL) return findings.length === 0 ? `clean in ${trials}` : `FAILED in ${trials}`;
  if (isAsExpected(hunted)) return String(trials);
  return findings.length === 0 ? `SURVIVED ${trials}` : `OTHERWISE in ${trials}`;
}
