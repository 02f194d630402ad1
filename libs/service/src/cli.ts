import { hostname, userInfo } from 'node:os';
import { parseArgs, type ParseArgsConfig } from 'node:util';
import { ConfigError } from './config.js';

/** One Ctrl-C comes several times: from the terminal, and from npm and whatever stands between, which hand it on. */
const SAME_KEY_MS = 750;

const EXIT_CODES = 'Exit codes: 0 done, 1 failed, 2 called the wrong way, 130 stopped.';

/** What a command gets besides its arguments. */
export interface Cli {
  /** Aborts at the first Ctrl-C or SIGTERM; the second one ends the process. */
  readonly signal: AbortSignal;
  /** Results go to stdout, a line each, control characters as `\u001b`; progress and errors go to stderr. */
  readonly print: (line: string) => void;
  readonly progress: Progress;
  /** `user@host` of whoever runs it. */
  readonly operator: string;
}

/** A problem that its user can solve: one line that says what to do. */
export class CliError extends Error {
  override readonly name = 'CliError';

  /** @param exitCode 2: called the wrong way; 1: anything else */
  constructor(
    message: string,
    readonly exitCode: 1 | 2 = 1,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

/** It was called the wrong way: exit code 2, one line that says what is wrong, and where to read how. */
export class UsageError extends CliError {
  constructor(message: string, options?: ErrorOptions) {
    super(`${message} (--help says how)`, 2, options);
  }
}

/**
 * `parseArgs` of node:util.
 *
 * @throws {UsageError} when the arguments are not as `config` has them
 */
export function parseCli<T extends ParseArgsConfig>(config: T) {
  try {
    return parseArgs(config);
  } catch (cause) {
    const [what = ''] = (cause as Error).message.split(/\.\s/);
    throw new UsageError(what, { cause });
  }
}

/**
 * The value of an option that is a rate, from 0.001 to 1,000,000 a second.
 *
 * @throws {UsageError} naming the option
 */
export function rateOf(option: string, text: string): number {
  const rate = Number(text);
  if (!(rate >= 0.001 && rate <= 1_000_000))
    throw new UsageError(`--${option} ${text}: so many a second, from 0.001 to 1000000`);
  return rate;
}

/** One command of an app's command line: `node apps/NAME/dist/cli.js COMMAND …`. */
export interface Command {
  readonly name: string;
  /** What it does, and its options. */
  readonly usage: string;
  /** @returns the exit code */
  run(args: string[], cli: Cli): Promise<number>;
}

/**
 * Runs the command that the first argument names to its end and sets the exit code: what it returns, 130 when it was
 * interrupted, 1 or 2 after an error, which is printed in one line. A bug prints its stack. With `--help` or `-h` it
 * prints the usage of all instead.
 */
export async function runCli(commands: readonly Command[]): Promise<void> {
  const args = process.argv.slice(2);
  const usages = commands.map(({ usage }) => usage);
  if (asksForHelp(args)) return void process.stdout.write(`${[...usages, EXIT_CODES].join('\n')}\n`);
  const stop = new AbortController();
  let interruptedAt = Infinity;
  const interrupt = () => {
    if (performance.now() - interruptedAt > SAME_KEY_MS) process.exit(130);
    interruptedAt = Math.min(interruptedAt, performance.now());
    stop.abort();
  };
  for (const name of ['SIGINT', 'SIGTERM'] as const) process.on(name, interrupt);
  const progress = new Progress(process.stderr);
  const print = (line: string) => void process.stdout.write(`${printable(line)}\n`);
  try {
    const cli = { signal: stop.signal, print, progress, operator: whoRuns() };
    const code = await dispatch(commands, args, cli);
    process.exitCode = stop.signal.aborted ? 130 : code;
  } catch (error) {
    progress.end();
    process.stderr.write(`✗ ${printable(explain(error))}\n`);
    process.exitCode = error instanceof CliError ? error.exitCode : 1;
  } finally {
    progress.end();
    for (const name of ['SIGINT', 'SIGTERM'] as const) process.off(name, interrupt);
    // What a library has left open, such as a socket to a frozen server, keeps nobody waiting.
    setTimeout(() => process.exit(), 1_000).unref();
  }
}

async function dispatch(
  commands: readonly Command[],
  [wanted, ...args]: string[],
  cli: Cli,
): Promise<number> {
  const command = commands.find(({ name }) => name === wanted);
  const names = commands.map(({ name }) => name).join(', ');
  if (!command) throw new UsageError(`${wanted ?? 'no command'}: one of ${names}`);
  return command.run(args, cli);
}

function asksForHelp(args: string[]): boolean {
  const options = { help: { type: 'boolean', short: 'h' } } as const;
  return parseArgs({ args, options, strict: false, allowPositionals: true }).values.help === true;
}

/** Text of others, such as the payload of an event, must not command the terminal of whoever reads it. */
export function printable(text: string): string {
  // eslint-disable-next-line no-control-regex -- control characters are what it is about
  return text.replaceAll(/[\0-\x08\x0b-\x1f\x7f-\x9f]/g, (control) => {
    return `\\u${control.charCodeAt(0).toString(16).padStart(4, '0')}`;
  });
}

/** One line about how far a long command is: nothing for the first 2 s, then at most once a second. */
export class Progress {
  private shownAt: number;
  private open = false;

  constructor(
    private readonly out: Pick<NodeJS.WriteStream, 'write' | 'isTTY'>,
    private readonly now: () => number = () => performance.now(),
  ) {
    this.shownAt = now() + 1_000;
  }

  /** Shows `line`, on a terminal in place of the one before. */
  show(line: string): void {
    if (this.now() - this.shownAt < 1_000) return;
    this.shownAt = this.now();
    this.out.write(this.out.isTTY ? `\r\x1b[K${line}` : `${line}\n`);
    this.open = Boolean(this.out.isTTY);
  }

  /** Ends the line, so that the next output begins on one of its own. */
  end(): void {
    if (this.open) this.out.write('\n');
    this.open = false;
  }
}

function whoRuns(): string {
  return `${userName()}@${hostname()}`;
}

/** An image may run under a number that has no name. */
function userName(): string {
  try {
    return userInfo().username;
  } catch {
    return `uid ${process.getuid?.() ?? '?'}`;
  }
}

/** Codes of the network and of Postgres (classes of SQLSTATE). */
const UNUSABLE = /^(ECONN|ENOTFOUND|EAI_AGAIN|ETIMEDOUT|EHOSTUNREACH|ENETUNREACH|57|08|28|3D)/;
/** What pg says without a code. */
const UNANSWERED = /^(Connection terminated|timeout expired|timeout exceeded)/;

function explain(error: unknown): string {
  if (error instanceof CliError) return error.message;
  if (error instanceof ConfigError) return `${error.problems.join('; ')} (environment)`;
  if (!(error instanceof Error)) return String(error);
  const code = 'code' in error ? String(error.code) : '';
  if (code === '42P01')
    return `${error.message}: is DATABASE_URL the database of this app, and is it migrated?`;
  if (UNUSABLE.test(code) || UNANSWERED.test(error.message))
    return `The database cannot be used (${code || error.message}): check DATABASE_URL, and that it is up.`;
  return error.stack ?? error.message;
}
