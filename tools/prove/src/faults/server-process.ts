import { processesOf } from '@orders/dev/stack/postgres-processes';
import type { System } from '@orders/dev/stack/system';
import { until } from '@orders/dev/stack/until';
import { isAlive, signalAll, type Process } from './process.ts';

type PostgresServer = NonNullable<System['postgres']['server']>;

export function serverProcess(system: System, name: 'postgres' | 'nats-server'): Process {
  if (name === 'postgres') return postgresProcess(system.postgres.server!);
  const server = system.nats.server!;
  const pids = (): number[] => (server.child ? [server.child.pid] : []);
  return { pids, kill: () => server.kill(), start: () => server.start() };
}

/** The server with all of its processes. Each leads a process group of its own, so they are signalled one by one. */
function postgresProcess(server: PostgresServer): Process {
  const pids = (): number[] => (server.child ? [server.child.pid, ...processesOf(server)] : []);
  const kill = async (): Promise<void> => {
    const all = pids();
    signalAll(all, 'SIGKILL');
    await server.kill();
    await until(async () => !all.some(isAlive), { timeoutMs: 10_000, what: 'the end of Postgres' });
  };
  return { pids, kill, start: () => server.start() };
}
