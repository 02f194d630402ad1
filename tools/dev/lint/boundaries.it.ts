import { describe, expect, it } from '@jest/globals';
import { ESLint } from 'eslint';
import { resolve } from 'node:path';
import { EVERY_APP } from '../src/stack/declarations.ts';

const root = resolve(import.meta.dirname, '../../..');
process.env['NX_DAEMON'] = 'false';

/** The rules that an import breaks, as if it stood in the file given. */
async function brokenRules(file: string, source: string): Promise<(string | null)[]> {
  const eslint = new ESLint({ cwd: root });
  const [result] = await eslint.lintText(`import * as x from '${source}';\nexport { x };\n`, {
    filePath: resolve(root, file),
  });
  return result?.messages.map(({ ruleId }) => ruleId) ?? [];
}

async function isRefused(file: string, source: string): Promise<boolean> {
  const rules = await brokenRules(file, source);
  return rules.some((rule) => /boundaries|no-restricted-imports/.test(rule ?? ''));
}

describe('a forbidden import fails lint', () => {
  it.each(EVERY_APP.map(({ name }) => name))(
    'of the app %s in another one, by name and by path',
    async (name) => {
      const other = EVERY_APP.find((app) => app.name !== name)?.name;
      for (const source of [`@orders/${name}`, `../../${name}/src/main.js`])
        expect([source, await isRefused(`apps/${other}/src/main.ts`, source)]).toEqual([source, true]);
    },
    120_000,
  );

  it.each([
    ['an app in a lib, by name', 'libs/service/src/index.ts', '@orders/gateway'],
    ['the tools in an app', 'apps/orders/src/main.ts', '@orders/dev'],
    ['the proof in an app', 'apps/orders/src/main.ts', '@orders/prove'],
    ['an app in a tool, by name', 'tools/prove/src/prove.ts', '@orders/orders'],
    ['a lib in a base lib', 'libs/resilience/src/index.ts', '@orders/messaging'],
    ['a lib in contracts', 'libs/contracts/src/index.ts', '@orders/resilience'],
    ['delivery in service', 'libs/service/src/index.ts', '@orders/messaging'],
    ['the inbox in the outbox', 'libs/outbox/src/index.ts', '@orders/inbox'],
    ['the outbox in the inbox', 'libs/inbox/src/index.ts', '@orders/outbox'],
    ['Postgres in the HTTP edge', 'libs/http/src/index.ts', '@orders/postgres'],
    ['the inbox in an app that consumes nothing', 'apps/orders/src/main.ts', '@orders/inbox'],
    ['the outbox in an app that publishes nothing', 'apps/fulfillment/src/main.ts', '@orders/outbox'],
    ['the outbox in the gateway', 'apps/gateway/src/main.ts', '@orders/outbox'],
  ])('%s', async (_name, file, source) => {
    expect(await isRefused(file, source)).toBe(true);
  });

  it.each([
    ['apps/orders/src/main.ts', '@orders/messaging'],
    ['tools/prove/src/prove.ts', '@orders/dev/stack/until'],
  ])('an allowed one does not: %s of %s', async (file, source) => {
    expect(await brokenRules(file, source)).toEqual([]);
  });
});
