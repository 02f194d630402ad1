import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { CommandFailed } from '../src/stack/run.ts';
import { AffectedWorkspace, type Effect } from '../src/testing/affected-workspace.ts';
import { textTable } from '../src/tables.ts';
import { BUMPS } from './affected-by-bumps.ts';
import { ALL, edit, type Row, TABLE } from './affected-table.ts';

let workspace: AffectedWorkspace;
beforeAll(async () => {
  workspace = new AffectedWorkspace();
  await workspace.prepare();
}, 120_000);
afterAll(() => workspace?.[Symbol.dispose]());

describe('nx affected', () => {
  it.each([...TABLE, ...BUMPS])(
    'after a change of $change',
    async ({ change, make, ...row }) => {
      const found = await workspace.effectOf(make);
      const expected = expectation(row);
      const columns = [
        ['selects', expected.projects, found.projects],
        ['runs', expected.stale, found.stale],
      ] as const;
      const wrong = columns.filter(([, one, other]) => one.join() !== other.join());
      const lines = wrong.map(([what, one, other]) => [what, without(one, other), without(other, one)]);
      if (lines.length > 0)
        throw new Error(`${change}\n${textTable(['', 'expected, not found', 'found, not expected'], lines)}`);
    },
    60_000,
  );

  /** What a row says, written out. */
  function expectation({ selects, runs }: Omit<Row, 'change' | 'make'>): Effect {
    const everything = [...new Set(workspace.tasks.map((task) => task.split(':')[0] ?? ''))];
    const named = (names: string): string[] => (names === ALL ? everything : names.split(' ')).toSorted();
    const projects = named(selects);
    const stale = runs.flatMap(([names, targets]) =>
      named(names).flatMap((project) => targets.split(' ').map((target) => `${project}:${target}`)),
    );
    return { projects, stale: [...new Set(stale)].filter((task) => workspace.tasks.includes(task)).sort() };
  }

  function without(some: readonly string[], others: readonly string[]): string {
    return some.filter((one) => !others.includes(one)).join(' ');
  }
});

describe('a result in the cache', () => {
  const change = edit('libs/messaging/src/testing/fixtures.ts');

  it('does not outlive what a lib lends to the tests of others', async () => {
    const { stale } = await workspace.effectOf(change);
    expect(stale).toEqual(expect.arrayContaining(['orders:typecheck', 'orders:lint', 'orders:test']));
    expect(stale).not.toContain('orders:build');
  }, 60_000);

  it('did when the code that is shipped was all that counted', async () => {
    const stale = await workspace.staleAfter(
      (copy) => copy.replace('nx.json', '"^importable"', '"^production"'),
      change,
    );
    expect(stale).toContain('messaging:test');
    expect(stale.filter((task) => task.startsWith('orders:'))).toEqual([]);
  }, 60_000);
});

describe('lint', () => {
  const file = 'libs/resilience/src/sleep.ts';

  it('has the rules of the workspace, also where a project has an empty configuration of its own', async () => {
    const forbid = (copy: AffectedWorkspace) => {
      copy.append('libs/resilience/eslint.config.mjs', 'export default [];\n');
      copy.append(file, "export * as other from '@orders/gateway';\n");
    };
    await workspace.changed(forbid, async () => {
      const error = await workspace
        .exec(workspace.commandOf('lint', file))
        .catch((reason: unknown) => reason);
      expect(error).toBeInstanceOf(CommandFailed);
      expect((error as CommandFailed).output).toContain('no-restricted-imports');
      expect(await workspace.exec(`eslint ${file}`)).not.toContain('no-restricted-imports'); // with its own alone
    });
  }, 120_000);
});
