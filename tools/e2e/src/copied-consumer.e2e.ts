import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type AppDeclaration, readDeclarations } from '@orders/dev/stack/declarations';
import { CommandFailed, run } from '@orders/dev/stack/run';
import { until } from '@orders/dev/stack/until';
import { of } from '@orders/dev/stack/wiring';
import { CopiedConsumer } from '@orders/dev/testing/copied-consumer';
import { census, isApplied } from './census.ts';
import { Customer, freshSystem } from './client.ts';
import { expectAllAgree } from './load.ts';

/** An app's folder holds what is its own; what all consumers have is in the libs. */
const MOST_FILES = 10;
/** The history of the original, which a new consumer does not have. */
const LATER_MIGRATION = /\/migrations\/(?!0001)/;

let copy: CopiedConsumer;
beforeAll(async () => {
  copy = new CopiedConsumer();
  await copy.prepare();
  await run('git', ['init', '--quiet'], { cwd: copy.root }); // a test of the documents asks it for files
}, 240_000);
afterAll(() => copy?.[Symbol.dispose]());

/** @throws with what it printed */
async function passes(tool: string, ...args: string[]): Promise<void> {
  await copy.tool(tool, args).catch((error: unknown) => {
    throw new Error(error instanceof CommandFailed ? error.output : String(error));
  });
}

/** What a command printed that failed. */
async function failure(command: Promise<string>): Promise<string> {
  const error = await command.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  return error instanceof CommandFailed ? error.output : `no failure: ${String(error)}`;
}

describe('a consumer more, by its own folder and its chart', () => {
  it(`is ${MOST_FILES} files of its own at most`, () => {
    const own = copy.files.filter(
      (file) => file.startsWith(`apps/${copy.name}/`) && !LATER_MIGRATION.test(file),
    );
    expect(own.length).toBeLessThanOrEqual(MOST_FILES);
  });

  it('runs beside the others, and an order takes effect in it', async () => {
    const apps: readonly AppDeclaration[] = readDeclarations(copy.root);
    const { system, dispose } = await freshSystem({ root: copy.root, apps });
    try {
      const { body } = await (await Customer.of(system, 'alice')).order();
      const effect = async () => (await fetch(`${of(system.urls.effects, copy.name)}/${body.id}`)).ok;
      await until(effect, { timeoutMs: 10_000, what: `the effect in ${copy.name}` });
      const applied = async () => {
        const now = await census(system, apps);
        return isApplied(now) ? now : undefined;
      };
      const end = await until(applied, { timeoutMs: 10_000, what: 'every effect' });
      expect(Object.keys(end.effects)).toEqual(['fulfillment', copy.name]);
      expectAllAgree(end);
    } finally {
      await dispose();
    }
  });

  it('no other app may import it', async () => {
    const file = join(copy.root, 'apps/gateway/src/main.ts');
    const before = readFileSync(file, 'utf8');
    try {
      for (const source of [`@orders/${copy.name}`, `../../${copy.name}/src/main.js`]) {
        writeFileSync(file, `import * as other from '${source}';\nexport { other };\n`);
        const said = await failure(copy.tool('eslint', ['apps/gateway/src/main.ts']));
        expect(said).toMatch(/no-restricted-imports|enforce-module-boundaries/);
      }
    } finally {
      writeFileSync(file, before);
    }
  }, 240_000);

  it('passes what every app must', async () => {
    const folders = [`apps/${copy.name}`, `helm/${copy.name}`, 'docker', 'README.md', 'docs', 'package.json'];
    await passes('prettier', '--check', ...folders);
    await passes('tsc', '-p', `apps/${copy.name}`);
    await passes('eslint', `apps/${copy.name}`);
    const jest = ['--experimental-vm-modules', 'node_modules/jest/bin/jest.js', '--ci'];
    await passes('node', ...jest, 'tools');
    const charts = ['--testMatch', '**/deploy/src/{charts,pods}.it.ts'];
    await passes('node', ...jest, ...charts, '--testNamePattern', copy.name);
  }, 480_000);
});

describe('what is left out of it is named by npm start, npm test and npm run generate', () => {
  it.each([
    ['its chart', 'helm/loyalty', 'helm/loyalty/Chart.yaml: is missing: each app has a chart'],
    [
      'its declaration',
      'apps/loyalty/app.json',
      'apps/loyalty/app.json: is missing: an app declares itself there',
    ],
    [
      'its migration',
      'apps/loyalty/src/migrate.ts',
      'apps/loyalty/src/migrate.ts: is missing: its database is declared',
    ],
  ])(
    '%s',
    async (_what, path, line) => {
      const aside = join(copy.root, 'aside');
      renameSync(join(copy.root, path), aside);
      try {
        for (const command of ['start', 'verify', 'generate']) {
          const ended = AbortSignal.timeout(15_000); // a command that does not notice would go on
          expect(await failure(copy.command(command, ended))).toBe(`✗ ${line}\n`);
        }
      } finally {
        renameSync(aside, join(copy.root, path));
      }
    },
    60_000,
  );
});
