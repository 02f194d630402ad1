import type { AppDeclaration } from '@orders/dev/stack/declarations';
import { processesOf } from '@orders/dev/stack/postgres-processes';
import { of } from '@orders/dev/stack/wiring';
import type { SystemUnderProof } from '../system-under-proof.ts';
import { nothing, type Fault, type Injection } from './fault.ts';
import { appProcess, signalAll, type Process } from './process.ts';
import { serverProcess } from './server-process.ts';

const CHECKPOINTER = 'the checkpointer of postgres';
const BACKEND = 'a backend of postgres';

/** Faults that kill, restart and freeze processes: one or every replica of an app, and servers. */
export function processFaults(apps: readonly AppDeclaration[]): Fault[] {
  const names = apps.map(({ name }) => name);
  const processes = [...names, ...names.map((name) => `every ${name}`), 'nats-server', 'postgres'];
  return [kill(processes), rollingRestart(names), freeze(processes, partsOfPostgres(apps))];
}

function kill(targets: readonly string[]): Fault {
  return {
    name: 'kill -9',
    targets,
    durationMs: [0, 2_000],
    component: appOf,
    begin: async (sut, injection) => {
      const chosen = chooseProcesses(sut, injection);
      await Promise.all(chosen.map((each) => each.kill()));
      return async () => void (await Promise.all(chosen.map((each) => each.start())));
    },
  };
}

function rollingRestart(targets: readonly string[]): Fault {
  return {
    name: 'rolling restart',
    targets,
    durationMs: [0, 0],
    unnoticed: true,
    component: appOf,
    begin: async ({ system }, { target }) => {
      for (const replica of of(system.replicas, target)) {
        await replica.stop();
        await replica.start();
      }
      return nothing;
    },
  };
}

function freeze(processes: readonly string[], parts: Readonly<Record<string, RegExp>>): Fault {
  return {
    name: 'freeze',
    targets: [...processes, ...Object.keys(parts)],
    durationMs: [500, 8_000],
    component: (target) => (target in parts ? 'postgres' : appOf(target)),
    begin: async (sut, injection) => {
      const part = parts[injection.target];
      const pids = part
        ? injection.random.shuffle(processesOf(sut.system.postgres.server!, part)).slice(0, 1)
        : chooseProcesses(sut, injection).flatMap((each) => each.pids());
      signalAll(pids, 'SIGSTOP');
      return async () => signalAll(pids, 'SIGCONT');
    },
  };
}

/** Processes of Postgres by their titles: that of a backend has user and database. */
function partsOfPostgres(apps: readonly AppDeclaration[]): Record<string, RegExp> {
  const databases = apps.filter(({ database }) => database).map(({ name }) => name);
  return { [BACKEND]: new RegExp(`postgres (${databases.join('|')}) 127`), [CHECKPOINTER]: /checkpointer/ };
}

function chooseProcesses({ system }: SystemUnderProof, { target, random }: Injection): Process[] {
  if (target === 'postgres' || target === 'nats-server') return [serverProcess(system, target)];
  const replicas = of(system.replicas, appOf(target)).map(appProcess);
  return target.startsWith('every ') ? replicas : [random.pick(replicas)];
}

/** "every orders" targets all replicas of an app, "orders" one of them. */
function appOf(target: string): string {
  return target.replace('every ', '');
}
