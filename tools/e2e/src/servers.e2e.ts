import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ROOT } from '@orders/dev/stack/paths';
import { inParallel } from './client.ts';
import { type Outcome, outcomeOf } from './server-matrix/outcome.ts';
import { tableIn, tableOf, withTable } from './server-matrix/page.ts';
import { type Row, ROWS } from './server-matrix/rows.ts';
import { SharedServers } from './server-matrix/shared-servers.ts';
import { Site } from './server-matrix/site.ts';

const PAGE = join(ROOT, 'docs/servers.md');

const folder = mkdtempSync(join(tmpdir(), 'servers-'));
const site = new Site(join(folder, 'shared'));
const shared = new SharedServers(site);
let databases = 0;
const outcomes: Outcome[] = [];
const failures: string[] = [];

/** Twice at most: a cluster of 2.10 was seen to find no leader. */
async function tryOut(index: number): Promise<void> {
  const row = ROWS[index]!;
  try {
    outcomes[index] = await outcomeOn(row, index).catch(() => outcomeOn(row, index));
  } catch (error) {
    failures.push(`${row.server} ${row.version}, ${row.mode}: ${(error as Error).message}`);
  }
}

async function outcomeOn({ start, env }: Row, index: number): Promise<Outcome> {
  await using own = new Site(mkdtempSync(join(folder, `${index}-`)));
  const { migrationUrl, ...urls } = await start(own, shared);
  const all = {
    DATABASE_URL: urls.DATABASE_URL ?? (await shared.database(`database_${(databases += 1)}`)),
    NATS_URL: urls.NATS_URL ?? (await own.nats('2.10')),
  };
  return await outcomeOf({ ...all, ...env }, migrationUrl);
}

beforeAll(() => inParallel(ROWS.length, 2, tryOut), 600_000);
afterAll(async () => {
  await site.disposeAsync();
  rmSync(folder, { recursive: true, force: true });
}, 60_000);

it('docs/servers.md says what orders does on each server', () => {
  expect(failures).toEqual([]);
  const page = readFileSync(PAGE, 'utf8');
  const table = tableOf(ROWS.map((row, index) => ({ row, outcome: outcomes[index]! })));
  if (process.env['GENERATE']) writeFileSync(PAGE, withTable(page, table));
  else expect(tableIn(page)).toBe(table);
});
