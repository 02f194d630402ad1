import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { dishonest } from './honesty.ts';
import { Ledger, payloadHash } from './ledger.ts';

const ITEMS = [{ sku: 'a', quantity: 1, priceCents: 2 }];
let folder: string;
let ledger: Ledger;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'ledger-'));
  ledger = new Ledger(join(folder, 'ledger.jsonl'));
});
afterEach(() => {
  ledger.close();
  rmSync(folder, { recursive: true });
});

const lines = () =>
  readFileSync(join(folder, 'ledger.jsonl'), 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>);

describe('the ledger', () => {
  it('writes the intention before the request, and each answer after it', async () => {
    const operation = ledger.intend('k', 'alice', { items: ITEMS, valid: true });
    expect(lines()).toMatchObject([{ intend: 'k', customer: 'alice', hash: payloadHash(ITEMS) }]);
    await Promise.all([
      ledger.note(operation, { status: 201, ms: 5, id: 'o', body: 'b' }),
      ledger.note(operation, { status: 201, ms: 6, id: 'o', body: 'b' }, true),
    ]);
    expect(lines()).toHaveLength(3);
    expect(operation).toMatchObject({ acks: [{ id: 'o' }, { id: 'o' }], unknown: false, recovered: false });
  });

  it('recognises an order that was stored although its first answer was an error', async () => {
    const operation = ledger.intend('k', 'alice', { items: ITEMS, valid: true });
    await ledger.note(operation, { status: 504, ms: 5 });
    await ledger.note(operation, { status: 201, ms: 5, id: 'o', body: 'b' }, true);
    expect(operation).toMatchObject({ unknown: true, recovered: true });
  });
});

describe('an answer', () => {
  const problem = { 'content-type': 'application/problem+json' };
  it.each([
    [{ status: 201, headers: {}, text: '' }, undefined],
    [{ status: 0, headers: {}, text: '' }, undefined],
    [{ status: 422, headers: problem, text: '' }, undefined],
    [{ status: 503, headers: { ...problem, 'retry-after': '1' }, text: '' }, undefined],
    [{ status: 503, headers: problem, text: '' }, /no Retry-After/],
    [{ status: 502, headers: { 'content-type': 'text/html' }, text: '' }, /no problem\+json/],
    [{ status: 500, headers: problem, text: '' }, /was 500/],
  ])('%j', (answer, expected) => {
    if (expected) expect(dishonest(answer)).toMatch(expected);
    else expect(dishonest(answer)).toBeUndefined();
  });
});
