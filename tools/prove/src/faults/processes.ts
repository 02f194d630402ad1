import { execFileSync } from 'node:child_process';
import { APP_NAMES, type AppName } from '@orders/dev/stack/topology';
import { until } from '@orders/dev/stack/until';
import type { SystemUnderProof } from '../system-under-proof.ts';
import type { Fault } from './fault.ts';

interface Controls {
  pids: () => number[];
  /** `kill -9` of all of it. */
  kill: () => Promise<void>;
  /** In good order. */
  stop: () => Promise<unknown>;
  start: () => Promise<void>;
}

const PROCESSES = [...APP_NAMES, 'nats-server', 'postgres'] as const;

function controls({ system }: SystemUnderProof, target: string): Controls {
  if (target === 'nats-server') {
    const server = system.nats.server!;
    return {
      pids: () => (server.child ? [server.child.pid] : []),
      kill: () => server.kill(),
      stop: () => server.stop(),
      start: () => server.start(),
    };
  }
  if (target === 'postgres') return postgresControls(system.postgres.server!);
  const app = system.apps[target as AppName];
  return {
    pids: () => (app.pid === undefined ? [] : [app.pid]),
    kill: () => app.kill(),
    stop: () => app.stop(),
    start: () => app.start(),
  };
}

type PostgresServer = NonNullable<SystemUnderProof['system']['postgres']['server']>;

/** Each backend leads a process group of its own: the whole tree has to be named. */
function postgresControls(server: PostgresServer): Controls {
  const pids = (): number[] => (server.child ? withChildren(server.child.pid) : []);
  return {
    pids,
    kill: async () => {
      const all = pids();
      signalAll(all, 'SIGKILL');
      await server.kill();
      await until(async () => all.every((pid) => !isAlive(pid)), {
        timeoutMs: 10_000,
        what: 'the end of Postgres',
      });
    },
    stop: () => server.stop(),
    start: () => server.start(),
  };
}

export const PROCESS_FAULTS: readonly Fault[] = [
  {
    name: 'kill -9',
    targets: PROCESSES,
    durationMs: [0, 2_000],
    component: (target) => target,
    begin: async (sut, { target }) => {
      const { kill, start } = controls(sut, target);
      await kill();
      return start;
    },
  },
  {
    name: 'restart',
    targets: PROCESSES,
    durationMs: [0, 500],
    component: (target) => target,
    begin: async (sut, { target }) => {
      const { stop, start } = controls(sut, target);
      await stop();
      return start;
    },
  },
  {
    name: 'freeze',
    targets: PROCESSES,
    durationMs: [500, 8_000],
    component: (target) => target,
    begin: async (sut, { target }) => {
      const pids = controls(sut, target).pids();
      signalAll(pids, 'SIGSTOP');
      return async () => signalAll(pids, 'SIGCONT');
    },
  },
];

function withChildren(parent: number): number[] {
  const table = execFileSync('ps', ['-A', '-o', 'pid=,ppid='], { encoding: 'utf8' });
  const children = table
    .split('\n')
    .map((line) => line.trim().split(/\s+/).map(Number))
    .filter(([, ppid]) => ppid === parent)
    .map(([pid = 0]) => pid);
  return [parent, ...children];
}

function signalAll(pids: readonly number[], signal: NodeJS.Signals): void {
  for (const pid of pids) if (isAlive(pid)) process.kill(pid, signal);
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}
