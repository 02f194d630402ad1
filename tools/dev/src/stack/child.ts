import { spawn, spawnSync, type ChildProcess } from 'node:child_process';

export interface ChildOptions {
  command: string;
  args: string[];
  env?: NodeJS.ProcessEnv;
  cwd?: string;
  /** Account to run as; only root can choose one. */
  account?: { uid: number; gid: number } | undefined;
  /** Signal for a clean stop. Default SIGTERM. */
  stopSignal?: NodeJS.Signals;
  /** How long a clean stop may take before it is killed, in ms. Default 10,000. */
  stopTimeoutMs?: number;
  /** A file descriptor for stdout and stderr; without one both are pipes. */
  output?: number;
}

export interface Exit {
  code: number | null;
  signal: NodeJS.Signals | null;
}

const alive = new Set<Child>();
process.on('exit', () => killAllChildren());

/** Kills every child of this process at once, for a second Ctrl-C or an unplanned exit. */
export function killAllChildren(): void {
  for (const child of alive) child.kill('SIGKILL');
}

/**
 * A long-lived process of ours. It leads a process group of its own, so that Ctrl-C on the terminal reaches only the
 * supervisor, which then stops things in order. On Linux the kernel ends it when this process is killed with -9.
 */
export class Child {
  readonly pid: number;
  /** Resolves once it is gone, whatever the reason; never rejects. */
  readonly exited: Promise<Exit>;
  readonly process: ChildProcess;
  readonly stopSignal: NodeJS.Signals;
  readonly #stopTimeoutMs: number;
  #exit: Exit | undefined;

  /** @throws when the command cannot be run at all */
  static async spawn(options: ChildOptions): Promise<Child> {
    const child = new Child(options);
    await new Promise<void>((resolve, reject) => {
      child.process.once('spawn', resolve);
      child.process.once('error', reject);
    });
    return child;
  }

  private constructor(options: ChildOptions) {
    this.stopSignal = options.stopSignal ?? 'SIGTERM';
    this.#stopTimeoutMs = options.stopTimeoutMs ?? 10_000;
    const [command, ...args] = withDeathSignal(this.stopSignal, [options.command, ...options.args]);
    const output = options.output ?? 'pipe';
    this.process = spawn(command ?? '', args, {
      cwd: options.cwd,
      env: options.env ?? process.env,
      stdio: ['ignore', output, output],
      detached: true,
      ...options.account,
    });
    this.pid = this.process.pid ?? -1;
    alive.add(this);
    this.exited = new Promise((resolve) => {
      const settle = (exit: Exit): void => {
        alive.delete(this);
        this.#exit ??= exit;
        resolve(this.#exit);
      };
      this.process.once('exit', (code, signal) => settle({ code, signal }));
      this.process.once('error', () => settle({ code: null, signal: null }));
    });
  }

  get running(): boolean {
    return this.#exit === undefined;
  }

  /** Asks it to end, kills it when it does not, and resolves once it is gone. */
  async stop(): Promise<Exit> {
    this.#send(this.pid, this.stopSignal);
    const timer = setTimeout(() => this.kill('SIGKILL'), this.#stopTimeoutMs);
    const exit = await this.exited;
    clearTimeout(timer);
    return exit;
  }

  /** Sends a signal to the whole group of processes that it leads. */
  kill(signal: NodeJS.Signals): void {
    this.#send(-this.pid, signal);
  }

  #send(target: number, signal: NodeJS.Signals): void {
    if (!this.running || this.pid < 0) return;
    try {
      process.kill(target, signal);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
    }
  }
}

/** How a process ended, in words: "code 1" or "SIGKILL". */
export function describeExit({ code, signal }: Exit): string {
  return signal ?? `code ${code ?? '?'}`;
}

let deathSignalAvailable: boolean | undefined;

/** setpriv (util-linux) asks the kernel to signal the command when its parent dies; it then becomes the command, same pid. */
function withDeathSignal(signal: NodeJS.Signals, command: string[]): string[] {
  deathSignalAvailable ??=
    process.platform === 'linux' && spawnSync('setpriv', ['--pdeathsig', 'SIGTERM', 'true']).status === 0;
  return deathSignalAvailable ? ['setpriv', '--pdeathsig', signal, ...command] : command;
}
