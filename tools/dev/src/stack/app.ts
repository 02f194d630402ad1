import { closeSync, openSync } from 'node:fs';
import { Problem } from '../../bootstrap/problem.mjs';
import { printable } from '../printable.ts';
import { Child, describeExit, type Exit } from './child.ts';
import { eachLine } from './run.ts';
import { Supervisor } from './supervisor.ts';
import { answersOk, until } from './until.ts';

export interface AppOptions {
  /** Name of its folder in apps/. */
  app: string;
  /** Name of this process in messages: that of the app, with a number from the second replica on. */
  name: string;
  /** Folder that holds apps/ and node_modules/. */
  root: string;
  env: NodeJS.ProcessEnv;
  /** Base URL of its management port. */
  management: string;
  /** Each line of its stdout and stderr. */
  onLine: (line: string) => void;
  /** Its output goes to this file instead, so that no process spends time on reading it. */
  logFile?: string | undefined;
  /** Called with what happened to it, as text. */
  onEvent: (text: string) => void;
  onSpawn?: ((child: Child) => void) | undefined;
}

const READY_TIMEOUT_MS = 60_000;

/**
 * Arguments of Node to run an app, from the folder that holds apps/; the image has the same. A young generation large
 * enough for what waits under load, and an old one that may double between two collections instead of growing fourfold:
 * the cheapest that stays below 220 MiB. The young one is collected by the main thread alone: so little is alive in it that
 * sharing the work costs more than it saves (docs/performance.md).
 */
export function appArguments(name: string): string[] {
  const dist = `./apps/${name}/dist`;
  const heap = ['--max-semi-space-size=32', '--heap-growing-percent=100', '--no-parallel-scavenge'];
  return [...heap, '--import', `${dist}/register.js`, `${dist}/main.js`];
}

/** One app process under supervision: when it dies unexpectedly, it is started again after growing pauses. */
export class App {
  readonly name: string;
  readonly #options: AppOptions;
  readonly #supervisor: Supervisor;
  #child: Child | undefined;
  #lastLines: string[] = [];

  constructor(options: AppOptions) {
    this.#options = options;
    this.name = options.name;
    this.#supervisor = new Supervisor({
      start: () => this.#restart(),
      onEvent: options.onEvent,
      why: async (child) => this.#why(await child.exited),
    });
  }

  /** Base URL of its management port. */
  get management(): string {
    return this.#options.management;
  }

  /** The running process; undefined between a death and the restart. */
  get pid(): number | undefined {
    return this.#child?.running ? this.#child.pid : undefined;
  }

  /**
   * Starts it and resolves once it is ready.
   *
   * @param how.env more environment, for this process alone
   * @throws Problem with the last lines it printed, when it ends instead
   */
  async start({
    env,
    signal,
  }: { env?: NodeJS.ProcessEnv; signal?: AbortSignal | undefined } = {}): Promise<void> {
    this.supervised = false; // until it has been ready once, a death is an error, not a reason to restart
    const child = await this.#spawn(env);
    const ready = async (): Promise<boolean> => {
      if (!child.running) throw new Problem(this.#endedEarly(await child.exited));
      return answersOk(`${this.management}/readyz`);
    };
    await until(ready, { timeoutMs: READY_TIMEOUT_MS, signal, what: `${this.name} to be ready` });
    this.#supervisor.watch(child);
  }

  /** Resolves once it answers ready, for instance after a restart. */
  async ready(timeoutMs = READY_TIMEOUT_MS): Promise<void> {
    const ready = async (): Promise<boolean> =>
      this.pid !== undefined && (await answersOk(`${this.management}/readyz`));
    await until(ready, { timeoutMs, what: `${this.name} to be ready` });
  }

  /** Whether it is started again when it dies; true from when it has been ready once. When false, it stays down until `start`. */
  get supervised(): boolean {
    return this.#supervisor.active;
  }

  set supervised(wanted: boolean) {
    if (wanted) this.#supervisor.active = true;
    else void this.#supervisor.end();
  }

  /** Stops it cleanly (SIGTERM); it stays down until `start`. */
  async stop(): Promise<Exit | undefined> {
    this.supervised = false;
    return this.#child?.stop();
  }

  /** `kill -9`; it stays down until `start`. */
  async kill(): Promise<void> {
    this.supervised = false;
    await this.crash();
  }

  /** Sends a signal to the running process and leaves the rest to the supervisor. */
  signal(signal: NodeJS.Signals): void {
    this.#child?.kill(signal);
  }

  /** `kill -9` as if from outside: resolves once it is dead, and the supervisor starts it again. */
  async crash(): Promise<void> {
    this.#child?.kill('SIGKILL');
    await this.#child?.exited;
  }

  async #spawn(extraEnv?: NodeJS.ProcessEnv): Promise<Child> {
    const { app, root, onLine, onSpawn, logFile } = this.#options;
    const output = logFile === undefined ? undefined : openSync(logFile, 'a');
    const child = await Child.spawn({
      command: process.execPath,
      args: appArguments(app),
      cwd: root,
      env: { ...this.#options.env, ...extraEnv },
      stopTimeoutMs: 25_000,
      ...(output !== undefined && { output }),
    });
    if (output !== undefined) closeSync(output);
    this.#child = child;
    this.#lastLines = [];
    onSpawn?.(child);
    for (const stream of [child.process.stdout, child.process.stderr]) {
      if (!stream) continue;
      eachLine(stream, (line) => {
        this.#lastLines = [...this.#lastLines.slice(-19), line];
        onLine(line);
      });
    }
    return child;
  }

  /** A process that is alive but not ready after a minute is left running: it may be waiting for a server. */
  async #restart(): Promise<Child> {
    const child = await this.#spawn();
    const settled = async (): Promise<boolean> =>
      !child.running || (await answersOk(`${this.management}/readyz`));
    await until(settled, { timeoutMs: READY_TIMEOUT_MS, what: `${this.name} to be ready` }).catch(
      () => undefined,
    );
    return child;
  }

  #why(exit: Exit): string {
    const port = this.#lastLines.map((line) => /EADDRINUSE[^"]*:(\d+)/.exec(line)?.[1]).find(Boolean);
    return port === undefined ? describeExit(exit) : `another process has taken its port ${port}`;
  }

  #endedEarly(exit: Exit): string {
    const lines = this.#lastLines.map((line) => `\n    ${printable(line)}`).join('');
    const details = lines
      ? `; its last lines:${lines}`
      : `; see ${this.#options.logFile ?? 'what it printed'}`;
    return `${this.name} ended with ${describeExit(exit)} before it was ready${details}`;
  }
}
