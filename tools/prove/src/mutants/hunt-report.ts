import { CONTROL, isAsItShouldBe, type Hunted } from './hunted.ts';

export interface HuntFacts {
  seed: string;
  /** The command that does the same again. */
  command: string;
}

const COLUMNS = ['mutant', 'promise broken', 'caught in trial', 'seen as', 'seconds'] as const;

/** The result as text. */
export function huntReport(hunted: readonly Hunted[], { seed, command }: HuntFacts): string {
  const rows = [[...COLUMNS], ...hunted.map(cells)];
  const widths = COLUMNS.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  const lines = rows.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column]!))
      .join('  ')
      .trimEnd(),
  );
  return [...lines, '', `seed   ${seed}`, `again  ${command}`].join('\n');
}

/** The result as a Markdown table. */
export function huntMarkdown(hunted: readonly Hunted[], { seed, command }: HuntFacts): string {
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  const rows = [COLUMNS, COLUMNS.map(() => '---'), ...hunted.map(cells)];
  return `${rows.map(line).join('\n')}\n\nSeed \`${seed}\`; again: \`${command}\`.\n`;
}

function cells(hunted: Hunted): string[] {
  const { mutant, tookMs } = hunted;
  const seen = seenAs(hunted) ?? 'nothing';
  return [mutant.name, mutant.breaks, outcome(hunted), seen, String(Math.round(tookMs / 1_000))];
}

function outcome(hunted: Hunted): string {
  const { mutant, trials, findings } = hunted;
  if (mutant.name === CONTROL) return findings.length === 0 ? `clean in ${trials}` : `FAILED in ${trials}`;
  if (isAsItShouldBe(hunted)) return String(trials);
  return findings.length === 0 ? `SURVIVED ${trials}` : `OTHERWISE in ${trials}`;
}

/** Ids say nothing to a reader of the table. */
function seenAs({ mutant, findings }: Hunted): string | undefined {
  const counted = findings.find((finding) =>
    mutant.seenAs.some((invariant) => finding.startsWith(invariant)),
  );
  return (counted ?? findings[0])?.replaceAll(/\b[0-9a-f]{8}-[0-9a-f-]{27}\b/g, '…').slice(0, 100);
}
