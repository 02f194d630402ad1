import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Client } from 'pg';
import { type Column, columnsOf, rowsFrom } from './columns.js';
import { requiredUrl } from './testing/test-config.js';

interface Row {
  readonly text: string | null | undefined;
  readonly amount: number | null;
  readonly json: object | null;
}

const COLUMNS: readonly Column<Row>[] = [
  { name: 'text', type: 'text', of: ({ text }) => text },
  { name: 'amount', type: 'integer', of: ({ amount }) => amount },
  { name: 'json', type: 'jsonb', of: ({ json }) => json && JSON.stringify(json) },
];

const SELECT = `SELECT * FROM ${rowsFrom(COLUMNS, 'new')}`;

const row = (change: Partial<Row> = {}): Row => ({ text: 'a', amount: 1, json: {}, ...change });

let client: Client;
beforeAll(async () => {
  client = new Client({ connectionString: requiredUrl('TEST_DATABASE_URL') });
  await client.connect();
});
afterAll(() => client.end());

const roundTrip = async (rows: readonly Row[]) =>
  (await client.query<Row>(SELECT, columnsOf(COLUMNS, rows))).rows;

describe('rows by their columns', () => {
  it.each<[string, Row[]]>([
    ['no row', []],
    ['one row', [row()]],
    ['an empty text alone', [row({ text: '' })]],
    ['empty texts among others', [row({ text: '' }), row(), row({ text: '' }), row({ text: '' })]],
    ['NULL alone', [row({ text: null, amount: null, json: null })]],
    ['NULL first and last', [row({ amount: null }), row(), row({ text: null, json: null })]],
    ['an empty text beside NULL', [row({ text: '', amount: null }), row({ text: null, amount: 0 })]],
    [
      'what looks like NULL or an array',
      ['NULL', 'null', '\\N', '{"a", \\b}', "'"].map((text) => row({ text })),
    ],
    ['white space', [' ', '\n', '\t', '\u00a0'].map((text) => row({ text }))],
    ['all of Unicode', [row({ text: 'Äpfel 🍏', json: { '🍏': '' } })]],
    [
      'a thousand rows',
      Array.from({ length: 1_000 }, (_, n) => row({ text: n % 3 ? `${n}` : '', amount: n })),
    ],
  ])('are the same after the way to Postgres: %s', async (_name, rows) => {
    expect(await roundTrip(rows)).toEqual(rows);
  });

  it('has NULL for a field that a row does not have', async () => {
    expect(await roundTrip([row({ text: undefined })])).toEqual([row({ text: null })]);
  });

  it('gets a row of NULLs from a separator inside of a value, which NOT NULL refuses', async () => {
    const split = await roundTrip([row({ text: 'a\x1fb' }), row()]);
    expect(split.at(-1)).toEqual({ text: 'a', amount: null, json: null });
  });
});
