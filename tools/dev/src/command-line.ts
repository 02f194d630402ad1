import { parseArgs, type ParseArgsConfig } from 'node:util';
import { report, UsageError } from '../bootstrap/problem.mjs';

/** The usage of a command, and the parser of its arguments. */
export interface CommandLine<Options> {
  /** Its name, what it does, and its options. */
  usage: string;
  /** @throws UsageError when the arguments make no sense */
  parse: (args: string[]) => Options;
}

const EXIT_CODES = 'Exit codes: 0 done, 1 failed, 2 called the wrong way, 130 stopped.';

/**
 * Runs a command of the workspace to its end and sets the exit code: what it returns; after an error, which is printed
 * once, 1 or 2. With `--help` or `-h` it prints the usage instead.
 */
export async function runTool<Options>(
  { usage, parse }: CommandLine<Options>,
  main: (options: Options) => Promise<number>,
): Promise<void> {
  const args = process.argv.slice(2);
  if (asksForHelp(args)) console.log(`${usage}\n${EXIT_CODES}`);
  else process.exitCode = await (async () => main(parse(args)))().catch(report);
  if (process.connected) process.disconnect();
}

/** Whether `--help` or `-h` is among the arguments. */
export function asksForHelp(args: string[]): boolean {
  const options = { help: { type: 'boolean', short: 'h' } } as const;
  return parseArgs({ args, options, strict: false, allowPositionals: true }).values.help === true;
}

/**
 * `parseArgs` of node:util.
 * @throws UsageError with what is wrong, in one line
 */
export function parseArguments<T extends ParseArgsConfig>(config: T) {
  try {
    return parseArgs(config);
  } catch (cause) {
    const [what = ''] = (cause as Error).message.split(/\.\s/);
    throw new UsageError(what, { cause });
  }
}

/** For a command without arguments. @throws UsageError when there are any */
export function noArguments(args: string[]): void {
  parseArguments({ args, options: {} });
}

/**
 * The value of an option that is a whole number, from 1 to eight digits.
 * @throws UsageError naming the option
 */
export function countOf(option: string, text: string): number {
  if (!/^[1-9]\d{0,7}$/.test(text))
    throw new UsageError(`--${option} must be a number from 1, not "${text}"`);
  return Number(text);
}
