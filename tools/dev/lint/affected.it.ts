import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { CommandFailed } from '../src/stack/run.ts';
import { AffectedWorkspace, type Effect } from '../src/testing/affected-workspace.ts';
import { textTable } from '../src/tables.ts';
import { ALL, edit, type Row, SELECTED, TABLE } from './affected-table.ts';

let workspace: AffectedWorkspace;
beforeAll(async () => {
  workspace = new AffectedWorkspace();
  await workspace.prepare();
}, 120_000);
afterAll(() => workspace?.[Symbol.dispose]());

describe('nx affected', () => {
  it.each(TABLE)(
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
      (names === SELECTED ? projects : named(names)).flatMap((project) =>
        targets.split(' ').map((target) => `${project}:${target}`),
      ),
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
    const before = new AffectedWorkspace();
    try {
      await before.prepare((copy) => copy.replace('nx.json', '"^importable"', '"^production"'));
      const { stale } = await before.effectOf(change);
      expect(stale.filter((task) => task.startsWith('orders:'))).toEqual([]);
    } finally {
      before[Symbol.dispose]();
    }
  }, 120_000);
});

describe('lint', () => {
  it('has the rules of the workspace, also where an app has an empty configuration of its own', async () => {
    const copy = new AffectedWorkspace();
    try {
      await copy.prepare((now) => {
        now.append('apps/orders/eslint.config.mjs', 'export default [];\n');
        now.append('apps/orders/src/app.ts', "export * as other from '@orders/gateway';\n");
      });
      const file = 'apps/orders/src/app.ts';
      const error = await copy.exec(copy.commandOf('lint', file)).catch((reason: unknown) => reason);
      expect(error).toBeInstanceOf(CommandFailed);
      expect((error as CommandFailed).output).toContain('no-restricted-imports');
      expect(await copy.exec(`eslint ${file}`)).not.toContain('no-restricted-imports'); // with its own alone
    } finally {
      copy[Symbol.dispose]();
    }
  }, 120_000);
});
