import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { machine } from '../machine.ts';
import type { Check, CheckResult } from './check.ts';

/** With one of these set the tests use servers whose state is unknown. */
const FOREIGN_SERVERS = ['DATABASE_URL', 'NATS_URL', 'TEST_DATABASE_URL', 'TEST_NATS_URL'];

/** Variables that our dependencies read, though the workspace may not name them. */
const READ_BY_OTHERS = /^(NODE|NX|JEST|OTEL|LC|npm_config)_/;

type Passed = Pick<CheckResult, 'passed' | 'skipped' | 'output'> & { on: string; at: string };

/** The checks that passed, each with what it was run on, kept in a file. */
export class Memory {
  readonly #file: string;
  readonly #fingerprint: () => string | undefined;
  readonly #atStart: string | undefined;

  /** @param fingerprint of everything that a check may depend on; undefined when nothing is to be remembered */
  constructor(file: string, fingerprint: () => string | undefined) {
    this.#file = file;
    this.#fingerprint = fingerprint;
    this.#atStart = fingerprint();
  }

  /** The result of the check on the same fingerprint; undefined when it did not pass then. */
  recall(name: string): CheckResult | undefined {
    const { on, at, ...result } = this.#read()[name] ?? {};
    if (on === undefined || on !== this.#atStart) return undefined;
    return { passed: 0, skipped: 0, ...result, failed: 0, before: new Date(at ?? 0) };
  }

  /** Keeps a check that passed, unless something has changed while it ran. */
  keep(name: string, { passed, failed, skipped, output }: CheckResult): void {
    const on = this.#fingerprint();
    if (failed > 0 || passed === 0 || on === undefined || on !== this.#atStart) return;
    const entry: Passed = { on, at: new Date().toISOString(), passed, skipped, ...(output && { output }) };
    mkdirSync(dirname(this.#file), { recursive: true });
    writeFileSync(`${this.#file}.new`, JSON.stringify({ ...this.#read(), [name]: entry }, undefined, 2));
    renameSync(`${this.#file}.new`, this.#file);
  }

  #read(): Partial<Record<string, Partial<Passed>>> {
    try {
      return JSON.parse(readFileSync(this.#file, 'utf8')) as Record<string, Passed>;
    } catch {
      return {}; // no file yet, or it cannot be read
    }
  }
}

/** Wraps a check: it does not run when it passed on the same fingerprint before. @param again run it anyway */
export function remembered(check: Check, memory: Memory, again: boolean): Check {
  if (check.makes || check.outside) return check;
  const run: Check['run'] = async (context) => {
    const before = again ? undefined : memory.recall(check.name);
    if (before) return before;
    const result = await check.run(context);
    memory.keep(check.name, result);
    return result;
  };
  return { ...check, run };
}

/**
 * The hash of everything that a check may depend on: every file of the workspace that Git does not ignore, the packages
 * that are installed, the machine, who we are, the programs on PATH, and the environment as far as the workspace or what
 * we use reads it. undefined when the tests use servers of others, or there is no Git.
 */
export function fingerprint(root: string, env: NodeJS.ProcessEnv): string | undefined {
  if (FOREIGN_SERVERS.some((name) => env[name])) return undefined;
  const files = listFiles(root);
  if (!files) return undefined;
  const contents = files.map((file) => contentOf(join(root, file)));
  const words = new Set(contents.flatMap((content) => content.match(/\w{2,}/g) ?? []));
  const variables = Object.entries(env)
    .filter(([name]) => words.has(name) || READ_BY_OTHERS.test(name))
    .sort(([a], [b]) => (a < b ? -1 : 1));
  const installed = contentOf(join(root, 'node_modules/.package-lock.json'));
  const facts = [files, contents, installed, machine(), process.getuid?.(), programsOn(env.PATH), variables];
  const hash = createHash('sha256');
  for (const fact of facts) hash.update(`${JSON.stringify(fact)}\n`);
  return hash.digest('hex');
}

function listFiles(root: string): string[] | undefined {
  try {
    const options = { cwd: root, encoding: 'utf8', stdio: 'pipe' } as const;
    const listed = execFileSync('git', ['ls-files', '-z', '-co', '--exclude-standard'], options);
    return [...new Set(listed.split('\0'))].filter(Boolean).sort();
  } catch {
    return undefined;
  }
}

/** The content of a file with its execute permission; the target of a link; '' when there is none. */
function contentOf(path: string): string {
  const stat = lstatSync(path, { throwIfNoEntry: false });
  if (stat?.isSymbolicLink()) return `link ${readlinkSync(path)}`;
  return stat?.isFile() ? `${stat.mode & 0o111} ${readFileSync(path, 'latin1')}` : '';
}

/** Names and sizes of the programs, folder by folder. */
function programsOn(path = ''): unknown {
  return path.split(':').map((folder) => {
    const names = existsSync(folder) ? readdirSync(folder).sort() : [];
    return names.map((name) => [name, statSync(join(folder, name), { throwIfNoEntry: false })?.size]);
  });
}
