import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { processIdentity } from '../../bootstrap/lock.mjs';
import { until } from './until.ts';

/**
 * Postgres refuses to start while the process in postmaster.pid lives. After a `kill -9` of its supervisor that may be a
 * server on this very folder that nobody looks after any more: it is shut down. Or the number has gone to a process that
 * has nothing to do with it: then the file goes. A dead process is left to Postgres, which also looks for its orphans.
 */
export async function clearPidFile(data: string): Promise<void> {
  const file = join(data, 'postmaster.pid');
  if (!existsSync(file)) return;
  const pid = Number.parseInt(readFileSync(file, 'utf8'), 10);
  const identity = processIdentity(pid);
  if (identity === undefined) return;
  const command = commandLine(pid);
  if (!command.includes('postgres')) {
    rmSync(file);
  } else if (command.includes(data)) {
    process.kill(pid, 'SIGINT');
    await until(async () => processIdentity(pid) !== identity, {
      timeoutMs: 30_000,
      what: `the end of Postgres (pid ${pid})`,
    });
  }
}

function commandLine(pid: number): string {
  const proc = `/proc/${pid}/cmdline`;
  if (existsSync(proc)) return readFileSync(proc, 'utf8');
  return execFileSync('ps', ['-o', 'args=', '-p', String(pid)], { encoding: 'utf8' });
}
