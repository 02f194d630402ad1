import { markdownTable } from '@orders/dev/tables';
import type { Outcome } from './outcome.ts';
import type { Row } from './rows.ts';

/** The page between its two marks. */
const TABLE = /(?<=<!-- written by [^\n]* -->\n\n).*(?=\n\n<!-- end of the table -->)/s;

/** @throws when the page has no marks */
export function tableIn(page: string): string {
  const [table] = TABLE.exec(page) ?? [];
  if (table === undefined) throw new Error('docs/servers.md has no marks around its table');
  return table;
}

export function withTable(page: string, table: string): string {
  return page.replace(TABLE, () => table);
}

/** As Prettier would have it. */
export function tableOf(seen: readonly { row: Row; outcome: Outcome }[]): string {
  const rows = seen.map(({ row, outcome: { kind, line } }) => {
    const { server, version, mode } = row;
    const told = line === '' ? kind : `${kind}: ${stable(line, version)}`;
    return [server, version, mode, told];
  });
  return markdownTable(['server', 'version', 'mode', 'what orders does'], rows);
}

/** A line without the release of the server, which moves on. */
function stable(line: string, version: string): string {
  return line.replace(/\d+(\.\d+)+/g, (found) => (found.startsWith(`${version}.`) ? `${version}.x` : found));
}
