import { execFileSync } from 'node:child_process';
import { until } from '@orders/dev/stack/until';
import type { SystemUnderProof } from '../system-under-proof.ts';
import type { Process } from './processes.ts';

type PostgresServer = NonNullable<SystemUnderProof['system']['postgres']['server']>;

/** The server with all of its processes: each leads a process group of its own, so they have to be named one by one. */
export function postgresProcess(server: PostgresServer): Process {
  const pids = (): number[] => (server.child ? [server.child.pid, ...processesOf(server)] : []);
  const kill = async (): Promise<void> => {
    const all = pids();
    signalAll(all, 'SIGKILL');
    await server.kill();
    await until(async () => !all.some(isAlive), { timeoutMs: 10_000, what: 'the end of Postgres' });
  };
  return { pids, kill, start: () => server.start() };
}

/** Those that the server has started, by what they call themselves. */
export function processesOf({ child }: PostgresServer, title = /^/): number[] {
  const table = execFileSync('ps', ['-A', '-o', 'pid=,ppid=,args='], { encoding: 'utf8' });
  return table.split('\n').flatMap((line) => {
    const [, pid, parent, args = ''] = /^ *(\d+) +(\d+) (.*)$/.exec(line) ?? [];
    return Number(parent) === child?.pid && title.test(args) ? [Number(pid)] : [];
  });
}

export function signalAll(pids: readonly number[], signal: NodeJS.Signals): void {
  for (const pid of pids) if (isAlive(pid)) process.kill(pid, signal);
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}
