import { type ChildProcess, execFileSync, fork } from 'node:child_process';
import { once } from 'node:events';
import {
  appendFileSync,
  cpSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ROOT } from '../stack/paths.ts';
import { run } from '../stack/run.ts';

/** The targets that CI runs for what is affected. */
export const TARGETS = ['lint', 'typecheck', 'test', 'build', 'it', 'chart', 'image', 'e2e', 'fuzz', 'guard'];

/** What a change leads to. */
export interface Effect {
  /** Projects that `nx affected` selects. */
  projects: string[];
  /** `project:target` of those whose result in the cache does not count any more. */
  stale: string[];
}

export type Change = (workspace: AffectedWorkspace) => void;

/** A copy of the workspace with a Git history of one commit, in which files are changed to see what Nx makes of it. */
export class AffectedWorkspace implements Disposable {
  readonly #root = mkdtempSync(join(tmpdir(), 'orders-affected-'));
  #hashes: Record<string, string> = {};
  /** Starting Nx takes longer than an answer, so one process gives all of them. */
  #nx: ChildProcess | undefined;

  async prepare(): Promise<void> {
    const listed = execFileSync('git', ['ls-files', '-z', '-co', '--exclude-standard'], { cwd: ROOT });
    for (const file of listed.toString().split('\0').filter(Boolean))
      if (existsSync(join(ROOT, file))) cpSync(join(ROOT, file), join(this.#root, file));
    symlinkSync(join(ROOT, 'node_modules'), join(this.#root, 'node_modules'));
    // Nx asks for it once for each task, which takes longer than all else; no change of a file changes it.
    this.replace('nx.json', '"runtime": "node --version"', '"env": "NODE_VERSION"');
    writeFileSync(join(this.#root, '.git-ignored'), 'node_modules\n.nx\n');
    this.#git('init', '--quiet', '--initial-branch=main');
    this.#git('config', 'core.excludesFile', join(this.#root, '.git-ignored'));
    this.#git('add', '.');
    this.#git('-c', 'user.name=test', '-c', 'user.email=test@localhost', 'commit', '--quiet', '-m', 'base');
    this.#hashes = (await this.#ask()).hashes;
  }

  /** What Nx makes of a change. */
  effectOf(change: Change): Promise<Effect> {
    return this.changed(change, async () => {
      const { affected, hashes } = await this.#ask();
      const stale = Object.keys(hashes).filter((task) => hashes[task] !== this.#hashes[task]);
      return { projects: affected.sort(), stale: stale.sort() };
    });
  }

  /** The tasks whose result in the cache `change` makes stale after `before`. */
  staleAfter(before: Change, change: Change): Promise<string[]> {
    return this.changed(before, async () => {
      const old = (await this.#ask()).hashes;
      change(this);
      const { hashes } = await this.#ask();
      return Object.keys(hashes).filter((task) => hashes[task] !== old[task]);
    });
  }

  /** Makes a change, does `work`, and takes the change back. */
  async changed<T>(change: Change, work: () => Promise<T>): Promise<T> {
    try {
      change(this);
      return await work();
    } finally {
      this.#git('checkout', '--quiet', '.');
      this.#git('clean', '--quiet', '--force');
    }
  }

  /** Every `project:target` there is. */
  get tasks(): string[] {
    return Object.keys(this.#hashes);
  }

  /** What the target of a project runs, as nx.json has it for all. */
  commandOf(target: string, project: string): string {
    const { targetDefaults } = JSON.parse(this.#read('nx.json')) as {
      targetDefaults: Record<string, { command: string }>;
    };
    return targetDefaults[target]?.command.replaceAll('{projectRoot}', project) ?? '';
  }

  /** Runs a command line of a tool at the top of the copy. @throws CommandFailed with what it printed */
  exec(command: string): Promise<string> {
    const [tool = '', ...args] = command.split(' ');
    return run(join(this.#root, 'node_modules/.bin', tool), args, { cwd: this.#root, env: this.#env });
  }

  /** Adds to the end of a file, which is made when there is none. */
  append(path: string, text: string): void {
    appendFileSync(join(this.#root, path), text);
  }

  replace(path: string, from: string, to: string): void {
    const text = this.#read(path);
    if (!text.includes(from)) throw new Error(`${path} has no ${from}`);
    writeFileSync(join(this.#root, path), text.replaceAll(from, to));
  }

  /** As Renovate would, a patch version up: in the lockfile and in each manifest that names the package. */
  bump(name: string): void {
    const lock = JSON.parse(this.#read('package-lock.json')) as {
      packages: Record<string, { version: string; integrity?: string } & Dependencies>;
    };
    const entry = lock.packages[`node_modules/${name}`];
    if (!entry) throw new Error(`${name} is not in the lockfile`);
    const { version } = entry;
    entry.version = `${version}1`;
    entry.integrity = `sha512-${'A'.repeat(86)}==`;
    const manifests = Object.keys(lock.packages).filter((path) =>
      /^(|apps\/|libs\/|tools\/)(?!.*node_modules)/.test(path),
    );
    for (const path of manifests) {
      const file = join(path, 'package.json');
      if (!existsSync(join(this.#root, file))) continue;
      const manifest = JSON.parse(this.#read(file)) as Dependencies;
      const named = setVersion(manifest, name, entry.version);
      if (named) this.#write(file, manifest);
      setVersion(lock.packages[path] ?? {}, name, entry.version);
    }
    this.#write('package-lock.json', lock);
  }

  async #ask(): Promise<Answer> {
    this.#nx ??= fork('tools/dev/lint/affected-tasks.mjs', ['main', ...TARGETS], {
      ...{ cwd: this.#root, env: this.#env, execArgv: [] },
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    });
    const over = new AbortController();
    const answer = once(this.#nx, 'message', over) as Promise<[Answer]>;
    const exit = once(this.#nx, 'exit', over).then(([code]) => {
      throw new Error(`Nx ended with ${String(code)}`);
    });
    this.#nx.send('ask');
    try {
      const [found] = await Promise.race([answer, exit]);
      return found;
    } finally {
      over.abort();
      await Promise.allSettled([answer, exit]);
    }
  }

  get #env(): NodeJS.ProcessEnv {
    const { NX_CACHE_DIRECTORY: _cache, NX_WORKSPACE_DATA_DIRECTORY: _data, ...env } = process.env;
    return { ...env, NX_DAEMON: 'false', NX_ISOLATE_PLUGINS: 'false', NX_WORKSPACE_ROOT_PATH: this.#root };
  }

  #git(...args: string[]): void {
    execFileSync('git', args, { cwd: this.#root });
  }

  #read(file: string): string {
    return readFileSync(join(this.#root, file), 'utf8');
  }

  #write(file: string, content: unknown): void {
    writeFileSync(join(this.#root, file), `${JSON.stringify(content, undefined, 2)}\n`);
  }

  [Symbol.dispose](): void {
    this.#nx?.kill();
    rmSync(this.#root, { recursive: true, force: true });
  }
}

interface Answer {
  affected: string[];
  hashes: Record<string, string>;
}

interface Dependencies {
  dependencies?: Record<string, string>;
  devDependencies?: Record<string, string>;
}

/** @returns whether the manifest names that package */
function setVersion(manifest: Dependencies, name: string, version: string): boolean {
  const named = [manifest.dependencies, manifest.devDependencies].filter((group) => group && name in group);
  for (const group of named) if (group) group[name] = version;
  return named.length > 0;
}
