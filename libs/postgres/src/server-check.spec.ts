import { describe, expect, it } from '@jest/globals';
import type { Queryable } from './queryable.js';
import { checkServer } from './server-check.js';
import type { ServerFacts } from './server-facts.js';

const FIT = {
  version: '18.4',
  versionNumber: 180_004,
  encoding: 'UTF8',
  database: 'orders',
  role: 'app',
  off: [],
  skipsStandbys: false,
  isStandby: false,
  isReadOnly: false,
  showsMigrations: true,
};

/** Answers what no server of the tests does: the others are checked on real ones. */
function answering(facts: Partial<ServerFacts>): Queryable {
  return {
    query: async <Rows>(sql: string) =>
      (sql.includes('server_version') ? [{ ...FIT, ...facts }] : []) as Rows,
  };
}
const findings = (facts: Partial<ServerFacts>) =>
  checkServer(answering(facts), { durability: 'required', rights: {}, migrations: [] });

describe('a server', () => {
  it('that is older than the tests is unfit', async () => {
    expect(await findings({ version: '14.22', versionNumber: 140_022 })).toEqual([
      { kind: 'unfit', line: 'Postgres 14.22 is too old: use 15 or newer' },
    ]);
    expect(await findings({ version: '15.0', versionNumber: 150_000 })).toEqual([]);
  });

  it('that is a standby is not ready', async () => {
    expect(await findings({ isStandby: true, isReadOnly: true })).toEqual([
      { kind: 'unready', line: expect.stringMatching(/^The server is a standby.*name the primary$/) },
    ]);
  });

  it('whose commits skip the standbys that it was told to wait for is unfit', async () => {
    expect(await findings({ skipsStandbys: true })).toEqual([
      { kind: 'unfit', line: expect.stringMatching(/because synchronous_commit is local: set it to on/) },
    ]);
  });
});
