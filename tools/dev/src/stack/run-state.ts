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

/** The processes of a running system, in a file, so that the next start can end them after a `kill -9`. */
export class RunState {
  readonly #file: string;
  readonly #entries = new Map<string, Entry>();

  constructor(file: string) {
    this.#file = file;
  }

  /** Adds a process, or replaces the one of that name. */
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
 * Ends the processes that a killed system left running: those in its file whose pid still belongs to the same process.
 * @returns undefined after a clean stop; else the names of the ended processes, perhaps none
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
