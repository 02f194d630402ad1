import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { processIdentity } from '../../bootstrap/lock.mjs';
import { until } from './until.ts';

/**
 * Postgres refuses to start while the process in postmaster.pid is alive. After a `kill -9` of its supervisor that may be
 * an orphaned server on this folder: it is shut down. When an unrelated process has the pid by now, the file is removed.
 * The file of a dead process is left to Postgres, which also looks for orphaned backends.
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
