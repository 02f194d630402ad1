import { describeExit, type Child } from './child.ts';

const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 10_000;
/** After a run of this length, the next pause is the first one again. */
const STEADY_MS = 30_000;

export interface SupervisorOptions {
  /** Starts the process and resolves once it is ready, or at least alive; rejects when it has ended. */
  start: () => Promise<Child>;
  /** Called with what happened, as text. */
  onEvent: (text: string) => void;
  /** Why it ended. Default: its exit code or signal. */
  why?: (child: Child) => Promise<string>;
}

/** Restarts a process when it dies unexpectedly, after growing pauses, as often as it takes. */
export class Supervisor {
  /** Whether it restarts the process after a death; set by `watch`. */
  active = false;
  readonly #options: SupervisorOptions;
  #startedAt = 0;
  #pauseMs = FIRST_PAUSE_MS;
  #timer: NodeJS.Timeout | undefined;
  #starting: Promise<void> | undefined;

  constructor(options: SupervisorOptions) {
    this.#options = options;
  }

  /** Restarts the process when this child dies, also when it is dead already. */
  watch(child: Child): void {
    this.active = true;
    this.#startedAt = performance.now();
    void child.exited.then(async () => this.#later(`died (${await this.#why(child)})`));
  }

  /** Stops restarting; resolves once no start is under way. */
  async end(): Promise<void> {
    this.active = false;
    clearTimeout(this.#timer);
    await this.#starting;
  }

  async #why(child: Child): Promise<string> {
    const { why } = this.#options;
    return why ? why(child) : describeExit(await child.exited);
  }

  #later(what: string): void {
    if (!this.active) return;
    clearTimeout(this.#timer);
    if (performance.now() - this.#startedAt > STEADY_MS) this.#pauseMs = FIRST_PAUSE_MS;
    this.#options.onEvent(`${what}; starting it again in ${this.#pauseMs / 1000} s`);
    this.#timer = setTimeout(() => void (this.#starting = this.#again()), this.#pauseMs);
    this.#pauseMs = Math.min(this.#pauseMs * 2, LONGEST_PAUSE_MS);
  }

  async #again(): Promise<void> {
    this.#startedAt = performance.now();
    try {
      const child = await this.#options.start();
      if (!this.active) return;
      this.watch(child);
      if (child.running) this.#options.onEvent(`runs again (pid ${child.pid})`);
    } catch (error) {
      this.#later(`could not be started (${error instanceof Error ? error.message : String(error)})`);
    }
  }
}
