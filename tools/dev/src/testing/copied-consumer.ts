import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join, relative } from 'node:path';
import { type AppDeclaration, APPS, EVERY_APP } from '../stack/declarations.ts';
import { ROOT } from '../stack/paths.ts';
import { run } from '../stack/run.ts';
import { ISSUER, portsOf } from '../stack/wiring.ts';

/** The consumer that is copied, and the words in it that are replaced. */
const ORIGINAL = 'fulfillment';
const WORDS: readonly (readonly [string, string])[] = [
  ['fulfillment', 'loyalty'],
  ['shipment', 'point'],
];

/** Not copied: what is fetched, made at run time, or belongs to the original's tests. */
const NOT_COPIED = new Set(['node_modules', '.git', '.nx', '.local', 'coverage']);
const TESTS = /\.(spec|it|e2e)\.ts$|\/testing\//;

/**
 * A copy of the workspace in a temporary folder, with a second consumer `loyalty`. It is made from `fulfillment` as a
 * developer would do it: its files and its chart with other names and ports, and nothing else.
 */
export class CopiedConsumer implements Disposable {
  readonly name = 'loyalty';
  /** The workspace: its packages are those of this one. */
  readonly root = mkdtempSync(join(tmpdir(), 'orders-copy-'));
  /** Everything that was written by hand, relative to `root`. */
  readonly files: readonly string[];

  constructor() {
    copyWorkspace(this.root);
    this.files = [`apps/${ORIGINAL}`, `helm/${ORIGINAL}`].flatMap((folder) => copyRenamed(this.root, folder));
    linkPackages(this.root);
  }

  /** What follows by commands: `npm run format` and `generate`, and the bundle; the other apps have those of this workspace. */
  async prepare(signal?: AbortSignal): Promise<void> {
    await this.tool(
      'prettier',
      ['--write', '--log-level=warn', `apps/${this.name}`, `helm/${this.name}`],
      signal,
    );
    await this.command('generate', signal);
    const rolldown = join(this.root, 'node_modules/.bin/rolldown');
    const cwd = join(this.root, 'apps', this.name);
    await run(rolldown, ['--config', '../../rolldown.config.mjs'], { cwd, signal });
  }

  /** Runs a command of package.json, such as `generate`. @throws CommandFailed with what it printed */
  command(name: string, signal?: AbortSignal): Promise<string> {
    return run(process.execPath, ['tools/dev/bootstrap.mjs', name], { cwd: this.root, signal });
  }

  /** Runs a tool of node_modules/.bin. @throws CommandFailed with what it printed */
  tool(name: string, args: string[], signal?: AbortSignal): Promise<string> {
    return run(join(this.root, 'node_modules/.bin', name), args, { cwd: this.root, signal });
  }

  [Symbol.dispose](): void {
    rmSync(this.root, { recursive: true, force: true });
  }
}

function copyWorkspace(root: string): void {
  for (const entry of readdirSync(ROOT)) {
    if (NOT_COPIED.has(entry)) continue;
    const filter = (path: string): boolean => !NOT_COPIED.has(basename(path));
    cpSync(join(ROOT, entry), join(root, entry), { recursive: true, filter });
  }
}

/** @returns the files of the copy, relative to `root` */
function copyRenamed(root: string, folder: string): string[] {
  const changes = [...WORDS.flatMap(everyCase), ...newPorts()];
  const files = readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(root, join(entry.parentPath, entry.name)))
    .filter((file) => !TESTS.test(file) && !file.includes('/dist/') && !file.includes('/charts/'));
  return files.map((file) => {
    const target = changed(file, changes);
    mkdirSync(dirname(join(root, target)), { recursive: true });
    writeFileSync(join(root, target), changed(readFileSync(join(root, file), 'utf8'), changes));
    return target;
  });
}

type Change = readonly [from: RegExp, to: string];

/** `shipment` and `Shipment`, wherever they stand in a name. */
function everyCase([from, to]: readonly [string, string]): Change[] {
  const capital = (word: string): string => `${word[0]?.toUpperCase()}${word.slice(1)}`;
  return [
    [new RegExp(from, 'g'), to],
    [new RegExp(capital(from), 'g'), capital(to)],
  ];
}

/** The next free numbers after the original's, also as TypeScript separates thousands. */
function newPorts(): Change[] {
  const taken = new Set<number>([ISSUER.port, ...EVERY_APP.flatMap(portsOf).map(({ port }) => port)]);
  return portsOf(original()).map(({ port }) => {
    let free = port;
    while (taken.has(free)) free += 1;
    taken.add(free);
    return [new RegExp(String(port).replace(/(\d{3})$/, '_?$1'), 'g'), String(free)] as const;
  });
}

function original(): AppDeclaration {
  const found = APPS.find(({ name }) => name === ORIGINAL);
  if (!found) throw new Error(`there is no ${ORIGINAL} to copy`);
  return found;
}

function changed(text: string, changes: readonly Change[]): string {
  return changes.reduce((result, [from, to]) => result.replaceAll(from, to), text);
}

/** As `npm install` would: packages from the registry, here those of this workspace, and ours by their folders. */
function linkPackages(root: string): void {
  const modules = join(root, 'node_modules');
  mkdirSync(join(modules, '@orders'), { recursive: true });
  const fetched = readdirSync(join(ROOT, 'node_modules')).filter((entry) => entry !== '@orders');
  for (const entry of fetched) symlinkSync(join(ROOT, 'node_modules', entry), join(modules, entry));
  for (const project of ['apps', 'libs', 'libs/contracts', 'tools'].flatMap((kind) =>
    packagesIn(root, kind),
  )) {
    symlinkSync(join('../..', project), join(modules, '@orders', basename(project)));
    const nested = join(project, 'node_modules'); // what it has in another version than the others
    if (existsSync(join(ROOT, nested))) symlinkSync(join(ROOT, nested), join(root, nested));
  }
}

function packagesIn(root: string, kind: string): string[] {
  const folders = readdirSync(join(root, kind)).map((name) => join(kind, name));
  return folders.filter((folder) => existsSync(join(root, folder, 'package.json')));
}
