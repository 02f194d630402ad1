import type { App } from '@orders/dev/stack/app';
import type { System } from '@orders/dev/stack/system';
import { APP_NAMES, type AppName } from '@orders/dev/stack/topology';
import type { SystemUnderProof } from '../system-under-proof.ts';
import { nothing, type Fault, type Injection } from './fault.ts';
import { postgresProcess, processesOf, signalAll } from './postgres-process.ts';

/** What a fault can do to a process. */
export interface Process {
  pids: () => number[];
  /** `kill -9` of all of it. */
  kill: () => Promise<void>;
  start: () => Promise<void>;
}

/** All replicas of an app at once; its mere name means one of them. */
const EVERY = APP_NAMES.map((name) => `every ${name}`);
const PROCESSES = [...APP_NAMES, ...EVERY, 'nats-server', 'postgres'];
const POSTGRES_PARTS: Record<string, RegExp> = {
  'a backend of postgres': /postgres (orders|fulfillment) 127/,
  'the checkpointer of postgres': /checkpointer/,
};

function processes({ system }: SystemUnderProof, { target, random }: Injection): Process[] {
  if (target === 'postgres' || target === 'nats-server') return [serverProcess(system, target)];
  const replicas = system.replicas[appOf(target)].map(appProcess);
  return target.startsWith('every ') ? replicas : [random.pick(replicas)];
}

export function serverProcess(system: System, name: 'postgres' | 'nats-server'): Process {
  if (name === 'postgres') return postgresProcess(system.postgres.server!);
  const server = system.nats.server!;
  const pids = (): number[] => (server.child ? [server.child.pid] : []);
  return { pids, kill: () => server.kill(), start: () => server.start() };
}

function appProcess(app: App): Process {
  const pids = (): number[] => (app.pid === undefined ? [] : [app.pid]);
  return { pids, kill: () => app.kill(), start: () => app.start() };
}

const appOf = (target: string): AppName => target.replace('every ', '') as AppName;

export const PROCESS_FAULTS: readonly Fault[] = [
  {
    name: 'kill -9',
    targets: PROCESSES,
    durationMs: [0, 2_000],
    component: appOf,
    begin: async (sut, injection) => {
      const chosen = processes(sut, injection);
      await Promise.all(chosen.map((each) => each.kill()));
      return async () => void (await Promise.all(chosen.map((each) => each.start())));
    },
  },
  {
    name: 'rolling restart',
    targets: APP_NAMES,
    durationMs: [0, 0],
    unnoticed: true,
    component: appOf,
    begin: async ({ system }, { target }) => {
      for (const replica of system.replicas[appOf(target)]) {
        await replica.stop();
        await replica.start();
      }
      return nothing;
    },
  },
  {
    name: 'freeze',
    targets: [...PROCESSES, ...Object.keys(POSTGRES_PARTS)],
    durationMs: [500, 8_000],
    component: (target) => (target in POSTGRES_PARTS ? 'postgres' : appOf(target)),
    begin: async (sut, injection) => {
      const part = POSTGRES_PARTS[injection.target];
      const pids = part
        ? injection.random.shuffle(processesOf(sut.system.postgres.server!, part)).slice(0, 1)
        : processes(sut, injection).flatMap((each) => each.pids());
      signalAll(pids, 'SIGSTOP');
      return async () => signalAll(pids, 'SIGCONT');
    },
  },
];
