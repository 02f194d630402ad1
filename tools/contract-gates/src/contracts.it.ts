import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describeBreakage, type Read } from './breakage.ts';
import { breakages, type ContractFiles, CURRENT, release } from './contracts.ts';
import { protoChanges } from './proto-changes.ts';
import { readsOfApps } from './reads.ts';

let folder: string;
let reads: Read[];
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'contracts-'));
  reads = readsOfApps();
}, 120_000);
afterAll(() => rmSync(folder, { recursive: true }));

/** Values by JSON pointer; undefined removes. */
type Patch = Record<string, unknown>;

interface Edit {
  proto?: [from: string, to: string];
  /** Of the schema of `orders.created`. */
  event?: Patch;
  api?: Patch;
}

/** What is told when the contracts of today are changed so. */
async function told({ proto, event, api }: Edit): Promise<string> {
  const changed = mkdtempSync(join(folder, 'edit-'));
  const [before, after] = ['before', 'after'].map((state): ContractFiles => {
    const [rpc, events] = [join(changed, state, 'rpc'), join(changed, state, 'events')];
    return { rpc, events, api: join(changed, state, 'openapi.json') };
  }) as [ContractFiles, ContractFiles];
  release(CURRENT, before);
  cpSync(join(changed, 'before'), join(changed, 'after'), { recursive: true });
  if (proto) change(join(after.rpc, 'proto/orders/v1/orders.proto'), (text) => replaced(text, proto));
  if (event) change(join(after.events, 'orders.created.v1.schema.json'), (text) => patched(text, event));
  if (api) change(after.api, (text) => patched(text, api));
  const found = event || api ? await breakages(after, before) : await protoChanges(after.rpc, before.rpc);
  return found.map((one) => describeBreakage(one, reads)).join('\n');
}

function change(file: string, how: (text: string) => string): void {
  writeFileSync(file, how(readFileSync(file, 'utf8')));
}

function replaced(text: string, [from, to]: [string, string]): string {
  if (!text.includes(from)) throw new Error(`the contract does not have: ${from}`);
  return text.replace(from, to);
}

function patched(text: string, patch: Patch): string {
  const json = JSON.parse(text) as Record<string, unknown>;
  for (const [pointer, value] of Object.entries(patch)) {
    const steps = pointer.slice(1).split('/');
    const last = steps.pop()!.replaceAll('~1', '/');
    const parent = steps.reduce(
      (node, step) => node[step.replaceAll('~1', '/')] as Record<string, unknown>,
      json,
    );
    if (value === undefined) delete parent[last];
    else parent[last] = value;
  }
  return JSON.stringify(json);
}

const ORDER = '/components/schemas/Order';
const CREATE_ORDER = '/components/schemas/CreateOrder';
const LOST_BY_EVENT =
  /orders\.created:v1: .*`totalCents`.*\n +read by fulfillment: orders\.created:totalCents \(apps\/fulfillment\/src\/\S+:\d+\)/;
const NOTE = { type: 'string' };

describe('a change that breaks is told with the apps and the lines that read it', () => {
  it.each<[string, [string, string]]>([
    ['has another number', ['total_cents = 4', 'total_cents = 14']],
    ['is removed', ['  int64 total_cents = 4;\n', '']],
    ['has another type', ['int64 total_cents', 'string total_cents']],
  ])('a field of a message %s', async (_what, proto) => {
    expect(await told({ proto })).toMatch(
      /read by gateway: Order\.totalCents \(apps\/gateway\/src\/\S+:\d+\)/,
    );
  });

  it('documents, however many changes there are', async () => {
    const text = await told({
      event: {
        '/properties/totalCents': undefined,
        '/required': ['id', 'customerId', 'items', 'status', 'createdAt', 'version'],
        '/properties/version/maximum': 100,
      },
      api: {
        [`${ORDER}/properties/total`]: NOTE,
        [`${ORDER}/properties/totalCents`]: undefined,
        [`${ORDER}/required`]: ['id', 'customerId', 'items', 'total', 'status', 'createdAt', 'version'],
        [`${CREATE_ORDER}/properties/note`]: NOTE,
        [`${CREATE_ORDER}/required`]: ['items', 'note'],
        '/paths/~1orders/get/security': [],
      },
    });
    expect(text).toMatch(LOST_BY_EVENT);
    expect(text).toMatch(/orders\.created:v1: .*an event of before, at \/properties\/version/);
    expect(text).not.toContain('urn:schema:orders.canceled:v1');
    expect(text).toMatch(/^\/paths\/~1orders\/get\/responses.*`totalCents`/m);
    expect(text).toMatch(/^\/paths\/~1orders\/post\/requestBody.*`note`/m);
    expect(text).toContain('/paths/~1orders/get/security: what it takes to call it changed');
  });

  it('a version of an event is not published any more', async () => {
    const text = await told({ event: { '/$id': 'urn:schema:orders.created:v2' } });
    expect(text).toContain('urn:schema:orders.created:v1: is not published any more');
  });
});

it('optional fields may be added everywhere', async () => {
  const text = await told({
    proto: ['int64 total_cents = 4;', 'int64 total_cents = 4;\n  string note = 99;'],
    event: { '/properties/note': NOTE },
    api: { [`${ORDER}/properties/note`]: NOTE },
  });
  expect(text).toBe('');
});
