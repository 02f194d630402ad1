import { describe, expect, it } from '@jest/globals';
import { ESLint } from 'eslint';
import { resolve } from 'node:path';

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

describe('a forbidden import fails lint', () => {
  it.each([
    ['an app in an app, by path', 'apps/gateway/src/main.ts', '../../orders/src/config.js'],
    ['an app in an app, by name', 'apps/gateway/src/main.ts', '@orders/orders'],
    ['an app in a lib, by name', 'libs/service/src/index.ts', '@orders/gateway'],
    ['the tools in an app', 'apps/orders/src/main.ts', '@orders/dev'],
    ['the proof in an app', 'apps/orders/src/main.ts', '@orders/prove'],
    ['an app in a tool, by name', 'tools/prove/src/prove.ts', '@orders/orders'],
    ['a lib in a base lib', 'libs/resilience/src/index.ts', '@orders/messaging'],
    ['a lib in contracts', 'libs/contracts/src/index.ts', '@orders/resilience'],
    ['delivery in service', 'libs/service/src/index.ts', '@orders/messaging'],
  ])('%s', async (_name, file, source) => {
    const rules = await brokenRules(file, source);
    expect(rules.some((rule) => /boundaries|no-restricted-imports/.test(rule ?? ''))).toBe(true);
  });

  it.each([
    ['apps/orders/src/main.ts', '@orders/messaging'],
    ['tools/prove/src/prove.ts', '@orders/dev/stack/until'],
  ])('an allowed one does not: %s of %s', async (file, source) => {
    expect(await brokenRules(file, source)).toEqual([]);
  });
});
