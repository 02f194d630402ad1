import { basename } from 'node:path';
import { Child, describeExit } from './child.ts';

export interface RunOptions {
  env?: NodeJS.ProcessEnv;
  cwd?: string;
  account?: { uid: number; gid: number } | undefined;
  signal?: AbortSignal | undefined;
  /** How long its clean end may take after an abort, in ms. Default 5,000. */
  stopTimeoutMs?: number;
  /** Called with each whole line as it comes, stdout and stderr mixed. */
  onLine?: (line: string) => void;
}

/** A command that failed; `output` holds the last 256 KiB of what it printed. */
export class CommandFailed extends Error {
  override name = 'CommandFailed';
  readonly output: string;
  constructor(command: string, how: string, output: string) {
    super(`${basename(command)} ended with ${how}: ${output.trimEnd().split('\n').at(-1) ?? ''}`);
    this.output = output;
  }
}

/**
 * Runs a command to its end and returns what it printed (the last 256 KiB, stdout and stderr mixed).
 * Aborting ends the command and all its children before this rejects with the signal's reason.
 * @throws CommandFailed when it ends with another code than 0
 */
export async function run(command: string, args: string[], options: RunOptions = {}): Promise<string> {
  const { signal, onLine, ...rest } = options;
  signal?.throwIfAborted();
  const child = await Child.spawn({ command, args, stopTimeoutMs: 5000, ...rest });
  const abort = (): void => {
    child.kill('SIGTERM');
    void child.stop();
  };
  signal?.addEventListener('abort', abort, { once: true });
  let output = '';
  const closed = new Promise<void>((resolve) => child.process.once('close', () => resolve()));
  for (const stream of [child.process.stdout, child.process.stderr]) {
    stream?.setEncoding('utf8').on('data', (text: string) => {
      output = (output + text).slice(-262_144);
    });
    if (stream && onLine) eachLine(stream, onLine);
  }
  const exit = await child.exited;
  signal?.removeEventListener('abort', abort);
  signal?.throwIfAborted();
  await closed;
  if (exit.code !== 0) throw new CommandFailed(command, describeExit(exit), output);
  return output;
}

/** Cuts a stream into lines; the last one counts without a newline too. */
export function eachLine(stream: NodeJS.ReadableStream, onLine: (line: string) => void): void {
  let rest = '';
  stream.setEncoding('utf8');
  stream.on('data', (text: string) => {
    const lines = (rest + text).split('\n');
    rest = lines.pop() ?? '';
    lines.forEach(onLine);
  });
  stream.on('end', () => {
    if (rest !== '') onLine(rest);
  });
}
