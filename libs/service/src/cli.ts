import { hostname, userInfo } from 'node:os';
import { parseArgs, type ParseArgsConfig } from 'node:util';
import { CliError } from './cli-error.js';
import { explainFailure } from './explain-failure.js';

/** Signals within this time are one Ctrl-C, in ms: the terminal sends it, and npm and other parents forward it. */
const SAME_KEY_MS = 750;

const EXIT_CODES = 'Exit codes: 0 done, 1 failed, 2 called the wrong way, 130 stopped.';

/** What a command gets besides its arguments. */
export interface Cli {
  /** Aborts at the first Ctrl-C or SIGTERM; the second one ends the process with exit code 130. */
  readonly signal: AbortSignal;
  /** Prints a line of the result on stdout, with control characters escaped (`\u001b`). */
  readonly print: (line: string) => void;
  /** Shows progress on stderr. */
  readonly progress: Progress;
  /** `user@host` that runs the command. */
  readonly operator: string;
}

/** Wrong usage: exit code 2, and one line that tells what is wrong and refers to `--help`. */
export class UsageError extends CliError {
  constructor(message: string, options?: ErrorOptions) {
    super(`${message} (--help says how)`, 2, options);
  }
}

/**
 * `parseArgs` of node:util.
 *
 * @throws {UsageError} when the arguments do not match `config`
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
 * Parses the value of an option that is a rate per second, from 0.001 to 1,000,000.
 *
 * @throws {UsageError} with the name of the option
 */
export function rateOf(option: string, text: string): number {
  const rate = Number(text);
  if (!(rate >= 0.001 && rate <= 1_000_000))
    throw new UsageError(`--${option} ${text}: must be a rate per second, from 0.001 to 1000000`);
  return rate;
}

/** One command of an app's command line: `node apps/NAME/dist/cli.js COMMAND …`. */
export interface Command {
  readonly name: string;
  /** Help text: what the command does, and its options. */
  readonly usage: string;
  /** @returns the exit code */
  run(args: string[], cli: Cli): Promise<number>;
}

/**
 * Runs the command named by the first argument and sets the exit code: the one that it returns, 130 when it was
 * interrupted, 2 after a usage error, 1 after any other error. An error that the user can solve is printed in one line,
 * a bug with its stack. With `--help` or `-h`, the usage of all commands is printed instead.
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
    const cli = { signal: stop.signal, print, progress, operator: `${userName()}@${hostname()}` };
    const code = await dispatch(commands, args, cli);
    process.exitCode = stop.signal.aborted ? 130 : code;
  } catch (error) {
    progress.end();
    process.stderr.write(`✗ ${printable(textOf(error))}\n`);
    process.exitCode = error instanceof CliError ? error.exitCode : 1;
  } finally {
    progress.end();
    for (const name of ['SIGINT', 'SIGTERM'] as const) process.off(name, interrupt);
    // Exits although a library left something open, such as a socket to a frozen server.
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

/** Escapes control characters, so that text from outside, such as an event's payload, cannot control the terminal. */
export function printable(text: string): string {
  // eslint-disable-next-line no-control-regex -- it looks for control characters
  return text.replaceAll(/[\0-\x08\x0b-\x1f\x7f-\x9f]/g, (control) => {
    return `\\u${control.charCodeAt(0).toString(16).padStart(4, '0')}`;
  });
}

/** Shows the progress of a long command in one line: nothing for the first 2 s, then at most once a second. */
export class Progress {
  private shownAt: number;
  private open = false;

  constructor(
    private readonly out: Pick<NodeJS.WriteStream, 'write' | 'isTTY'>,
    private readonly now: () => number = () => performance.now(),
  ) {
    this.shownAt = now() + 1_000;
  }

  /** Shows `line`; on a terminal it replaces the one before. */
  show(line: string): void {
    if (this.now() - this.shownAt < 1_000) return;
    this.shownAt = this.now();
    this.out.write(this.out.isTTY ? `\r\x1b[K${line}` : `${line}\n`);
    this.open = Boolean(this.out.isTTY);
  }

  /** Ends the line, so that later output begins on a new one. */
  end(): void {
    if (this.open) this.out.write('\n');
    this.open = false;
  }
}

function userName(): string {
  try {
    return userInfo().username;
  } catch {
    // A container may run under a uid that has no name.
    return `uid ${process.getuid?.() ?? '?'}`;
  }
}

/** The text that is printed for an error: one line, or the stack of a bug. */
function textOf(error: unknown): string {
  return explainFailure(error) ?? (error instanceof Error ? (error.stack ?? error.message) : String(error));
}
