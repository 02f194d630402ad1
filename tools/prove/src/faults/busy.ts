import { once } from 'node:events';
import type { AppDeclaration } from '@orders/dev/stack/declarations';
import { until } from '@orders/dev/stack/until';
import { of } from '@orders/dev/stack/wiring';
import type { SystemUnderProof } from '../system-under-proof.ts';
import { NotInjected, nothing, type Fault } from './fault.ts';

/** The event loop of one replica does nothing else for a while, as with a regular expression that backtracks. */
export function busyFault(apps: readonly AppDeclaration[]): Fault {
  const debuggers = new Map<number, string>();
  return {
    name: 'event loop blocked',
    targets: apps.map(({ name }) => name),
    durationMs: [500, 4_000],
    component: (target) => target,
    begin: async (sut, { target, durationMs, random }) => {
      const { name, pid } = random.pick(of(sut.system.replicas, target));
      if (pid === undefined) throw new NotInjected(`${name} is down`);
      if (!debuggers.has(pid)) debuggers.set(pid, await openDebugger(sut, name, pid));
      await evaluate(
        debuggers.get(pid)!,
        `for (const end = Date.now() + ${durationMs}; Date.now() < end; );`,
      );
      return nothing;
    },
  };
}

/** Opens the debugger of a process by SIGUSR1. It stays open for the next time: closing it can end a Node 24.21. */
async function openDebugger({ debuggers }: SystemUnderProof, name: string, pid: number): Promise<string> {
  debuggers.delete(name);
  process.kill(pid, 'SIGUSR1');
  await until(async () => debuggers.has(name), { timeoutMs: 5_000, what: `the debugger of ${name}` });
  return debuggers.get(name)!;
}

/** Starts a script in a process; does not wait for it. */
async function evaluate(address: string, script: string): Promise<void> {
  const socket = new WebSocket(address);
  await once(socket, 'open');
  // Later, in a turn of its own: the process first answers that it has begun.
  const expression = `setTimeout(() => { ${script} }, 10); undefined`;
  socket.send(JSON.stringify({ id: 1, method: 'Runtime.evaluate', params: { expression } }));
  await once(socket, 'message');
  socket.close();
}
