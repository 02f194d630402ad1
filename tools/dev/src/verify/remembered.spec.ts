import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { Check, CheckResult } from './check.ts';
import { fingerprint, Memory, remembered } from './remembered.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'remembered-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

describe('a check that passed', () => {
  /** What the tree is now; a check may change it. */
  let tree: string | undefined;
  let runs: number;
  beforeEach(() => {
    tree = 'a';
    runs = 0;
  });

  /** A new run of `npm test`. */
  function check(
    result: Partial<CheckResult> = {},
    more: { again?: boolean; during?: () => void } = {},
  ): Check {
    const memory = new Memory(join(folder, 'local/passed.json'), () => tree);
    const run = async (): Promise<CheckResult> => {
      runs += 1;
      more.during?.();
      return { passed: 3, failed: 0, skipped: 0, ...result };
    };
    return remembered({ name: 'unit tests', run }, memory, more.again ?? false);
  }
  const context = { signal: new AbortController().signal, onLine: () => undefined, note: () => undefined };

  it('is not run again on the same tree, and counts as it did', async () => {
    await check({ skipped: 1, output: 'not done: a part' }).run(context);
    const before = await check().run(context);
    expect(runs).toBe(1);
    expect(before).toMatchObject({ passed: 3, failed: 0, skipped: 1, output: 'not done: a part' });
    expect(before.before).toBeInstanceOf(Date);
  });

  it('is run on another tree', async () => {
    await check().run(context);
    tree = 'b';
    expect((await check().run(context)).before).toBeUndefined();
    expect(runs).toBe(2);
  });

  it('is run when that is asked for', async () => {
    await check().run(context);
    await check({}, { again: true }).run(context);
    expect(runs).toBe(2);
  });

  it.each([
    ['failed', { failed: 1 }],
    ['did nothing', { passed: 0, skipped: 1 }],
  ])('is not one that %s', async (_what, result) => {
    await check(result).run(context);
    await check().run(context);
    expect(runs).toBe(2);
  });

  it('does not count when the tree changed while it ran', async () => {
    await check({}, { during: () => (tree = 'b') }).run(context);
    await check().run(context);
    tree = 'a';
    await check().run(context);
    expect(runs).toBe(3);
  });

  it('is not remembered without a fingerprint', async () => {
    tree = undefined;
    await check().run(context);
    await check().run(context);
    expect(runs).toBe(2);
  });

  it('is forgotten with a file that cannot be read', async () => {
    await check().run(context);
    writeFileSync(join(folder, 'local/passed.json'), '{"unit te');
    await check().run(context);
    expect(runs).toBe(2);
    expect(JSON.parse(readFileSync(join(folder, 'local/passed.json'), 'utf8'))).toHaveProperty([
      'unit tests',
    ]);
  });

  it.each([
    ['it makes what others use', { makes: true }],
    ['its result depends on what others know', { outside: true }],
  ])('runs each time when %s', async (_why, more) => {
    const memory = new Memory(join(folder, 'passed.json'), () => tree);
    const build: Check = {
      name: 'build',
      ...more,
      run: async () => ({ passed: (runs += 1), failed: 0, skipped: 0 }),
    };
    await remembered(build, memory, false).run(context);
    await remembered(build, memory, false).run(context);
    expect(runs).toBe(2);
  });
});

describe('what a check may depend on', () => {
  let programs: string;
  let env: NodeJS.ProcessEnv;
  const write = (file: string, text: string): void => writeFileSync(join(folder, file), text);
  const now = (more: NodeJS.ProcessEnv = {}): string | undefined => fingerprint(folder, { ...env, ...more });
  const git = (...args: string[]): unknown => execFileSync('git', args, { cwd: folder });

  beforeEach(() => {
    programs = join(folder, 'node_modules/bin');
    mkdirSync(programs, { recursive: true });
    env = { PATH: programs };
    git('init', '-q');
    write('.gitignore', 'node_modules\nignored\n');
    write('a.ts', 'process.env.LOG_LEVEL');
    git('add', '.');
  });

  it('is the same as long as nothing changes', () => {
    expect(now()).toMatch(/^[0-9a-f]{64}$/);
    expect(now()).toBe(now());
  });

  it.each<[string, () => void]>([
    ['what a file holds', () => write('a.ts', 'process.env.LOG_LEVEL;')],
    ['a file that is new', () => write('b.ts', '')],
    ['a file that is gone', () => rmSync(join(folder, 'a.ts'))],
    ['whether a file can be run', () => chmodSync(join(folder, 'a.ts'), 0o755)],
    ['the packages that are installed', () => write('node_modules/.package-lock.json', '{}')],
    ['the programs of the machine', () => write('node_modules/bin/buildah', '')],
  ])('is %s', (_what, change) => {
    const before = now();
    change();
    expect(now()).not.toBe(before);
  });

  it('is no file that Git ignores, nor what is committed', () => {
    const before = now();
    write('ignored', '');
    git('-c', 'user.name=a', '-c', 'user.email=a@b', 'commit', '-qm', 'x');
    expect(now()).toBe(before);
  });

  it.each([
    ['one that the workspace names', { LOG_LEVEL: 'debug' }],
    ['one that what we use reads', { OTEL_TRACES_SAMPLER: 'always_on' }],
  ])('is a variable: %s', (_which, variable) => {
    expect(now(variable)).not.toBe(now());
  });

  it('is no variable that nobody reads', () => {
    expect(now({ WINDOW_OF_MY_TERMINAL: '7' })).toBe(now());
  });

  it.each(['DATABASE_URL', 'NATS_URL', 'TEST_DATABASE_URL', 'TEST_NATS_URL'])(
    'is unknown with %s',
    (name) => {
      expect(now({ [name]: 'x://h' })).toBeUndefined();
    },
  );

  it('is unknown where there is no Git', () => {
    rmSync(join(folder, '.git'), { recursive: true });
    expect(fingerprint(folder, env)).toBeUndefined();
  });
});
