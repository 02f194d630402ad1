import { spawn } from 'node:child_process';

export type RunOptions = { cwd?: string; env?: NodeJS.ProcessEnv; timeoutMs?: number; input?: string };
export type Outcome = { code: number | null; stdout: string; stderr: string };

/** Runs a program and resolves with its outcome, whatever its exit code; rejects when it cannot be started. Default time limit: 60 s. */
export function attempt(
  program: string,
  args: readonly string[],
  options: RunOptions = {},
): Promise<Outcome> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { cwd: options.cwd, env: options.env ?? process.env });
    const timer = setTimeout(() => child.kill('SIGKILL'), options.timeoutMs ?? 60_000);
    let stdout = '';
    let stderr = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
    child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
    child.stdin.on('error', () => undefined).end(options.input ?? '');
    child.once('error', (error) => {
      clearTimeout(timer);
      reject(error);
    });
    child.once('close', (code) => {
      clearTimeout(timer);
      resolve({ code, stdout, stderr });
    });
  });
}

/** As `attempt`, but rejects with the end of what the program printed when it does not exit 0. Resolves with its stdout, trimmed. */
export async function run(
  program: string,
  args: readonly string[],
  options: RunOptions = {},
): Promise<string> {
  const { code, stdout, stderr } = await attempt(program, args, options);
  if (code === 0) return stdout.trim();
  const said = `${stdout}\n${stderr}`.trim().split('\n').slice(-25).join('\n');
  throw new Error(`${program} ${args.slice(0, 4).join(' ')} … ended with ${code ?? 'a time-out'}:\n${said}`);
}
