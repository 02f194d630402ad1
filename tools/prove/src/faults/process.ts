import type { App } from '@orders/dev/stack/app';

/** What a fault can do to an app or a server. */
export interface Process {
  /** Its process ids; empty while it is down. */
  pids: () => number[];
  /** `kill -9` of all its processes. */
  kill: () => Promise<void>;
  start: () => Promise<void>;
}

/** One replica of an app. */
export function appProcess(app: App): Process {
  const pids = (): number[] => (app.pid === undefined ? [] : [app.pid]);
  return { pids, kill: () => app.kill(), start: () => app.start() };
}

/** Sends a signal to those of the processes that are alive. */
export function signalAll(pids: readonly number[], signal: NodeJS.Signals): void {
  for (const pid of pids) if (isAlive(pid)) process.kill(pid, signal);
}

export function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}
