import { execFile } from 'node:child_process';
import { ROOT } from '@orders/dev/stack/paths';

/** The registry did not tell: nothing is known about holes. */
export class NotAsked extends Error {
  override name = 'NotAsked';
}

/**
 * Asks the registry for the advisories about every package of the lockfile.
 *
 * @returns what `npm audit --json` printed
 * @throws NotAsked with the reason when the registry cannot be reached, or does not answer such questions
 */
export async function npmAudit(signal?: AbortSignal): Promise<unknown> {
  const { npm_execpath: cli } = process.env;
  const [command, ...first] = cli?.endsWith('.js') ? [process.execPath, cli] : ['npm'];
  const args = [...first, 'audit', '--json', '--audit', '--package-lock-only', '--fetch-retries=1'];
  return new Promise((resolve, reject) => {
    const options = { cwd: ROOT, signal, timeout: 120_000, maxBuffer: 64 * 1_024 * 1_024 };
    // It ends with 1 when there are advisories.
    execFile(command ?? 'npm', args, options, (error, stdout) => {
      try {
        resolve(readAudit(stdout));
      } catch (cause) {
        if (signal?.aborted) reject(error ?? cause);
        else reject(cause);
      }
    });
  });
}

/**
 * Reads what `npm audit --json` printed.
 *
 * @throws NotAsked when it is an error instead of a report
 */
export function readAudit(printed: string): unknown {
  const report = parse(printed);
  if (typeof report !== 'object' || report === null) throw new NotAsked('npm audit printed no report');
  if ('auditReportVersion' in report) return report;
  const { message, error } = report as { message?: string; error?: { summary?: string; code?: string } };
  throw new NotAsked(
    message?.split(' - ')[0] ?? error?.summary ?? error?.code ?? 'npm audit printed no report',
  );
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
