import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { processIdentity } from '../../bootstrap/lock.mjs';
import { until } from './until.ts';

interface Entry {
  name: string;
  pid: number;
  /** Start time of the process: a later one with the same number is not ours. */
  identity: string;
  stopSignal: NodeJS.Signals;
}

/** The list of processes that a running system has, kept in a file for whoever comes after a `kill -9`. */
export class RunState {
  readonly #file: string;
  readonly #entries = new Map<string, Entry>();

  constructor(file: string) {
    this.#file = file;
  }

  /** Adds a process, or puts the new one of that name in place of the old. */
  record(name: string, child: { pid: number; stopSignal: NodeJS.Signals }): void {
    const identity = processIdentity(child.pid);
    if (identity === undefined) return; // it has ended already
    this.#entries.set(name, { name, pid: child.pid, identity, stopSignal: child.stopSignal });
    const draft = `${this.#file}.new`;
    mkdirSync(dirname(draft), { recursive: true }); // somebody may have deleted it
    writeFileSync(draft, JSON.stringify([...this.#entries.values()]));
    renameSync(draft, this.#file);
  }

  /** Call once everything has stopped. */
  clear(): void {
    rmSync(this.#file, { force: true });
  }
}

/**
 * Ends what a system that was killed left running: what its own file names, and of that only processes that are still the
 * same ones.
 * @returns undefined when the last run ended in good order; else the names of what had to be ended, perhaps none
 */
export async function endLeftovers(file: string): Promise<string[] | undefined> {
  const entries = readEntries(file);
  if (entries === undefined) return undefined;
  const left = entries.filter(isAlive);
  await Promise.all(left.map(end));
  rmSync(file, { force: true });
  return left.map(({ name, pid }) => `${name} (pid ${pid})`);
}

async function end(entry: Entry): Promise<void> {
  const gone = (timeoutMs: number): Promise<true> =>
    until(async () => !isAlive(entry), { timeoutMs, what: `the end of ${entry.name} (pid ${entry.pid})` });
  send(entry, entry.stopSignal);
  try {
    await gone(10_000);
  } catch {
    send(entry, 'SIGKILL');
    await gone(5000);
  }
}

function send(entry: Entry, signal: NodeJS.Signals): void {
  if (isAlive(entry)) process.kill(entry.pid, signal);
}

function isAlive({ pid, identity }: Entry): boolean {
  return processIdentity(pid) === identity;
}

function readEntries(file: string): Entry[] | undefined {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as Entry[];
  } catch {
    return undefined;
  }
}
