/** One shown step; see bootstrap/progress.mjs. */
export interface Step {
  update(detail: string): void;
  done(detail?: string): void;
  fail(detail?: string): void;
}

/** A display of steps. */
export interface Steps {
  step(title: string): Step;
  log(line: string): void;
}

export const SILENT: Steps = {
  step: () => ({ update: () => undefined, done: () => undefined, fail: () => undefined }),
  log: () => undefined,
};

/** Work done in parallel: each piece is shown as a step, and the first failure ends the others. */
export class Tasks {
  readonly #failure = new AbortController();
  readonly #steps: Steps;
  /** Aborted by the caller, or by the first failure. */
  readonly signal: AbortSignal;

  constructor({
    steps = SILENT,
    signal,
  }: { steps?: Steps | undefined; signal?: AbortSignal | undefined } = {}) {
    this.#steps = steps;
    this.signal = signal ? AbortSignal.any([signal, this.#failure.signal]) : this.#failure.signal;
  }

  /** Prints a line above the steps. */
  note(line: string): void {
    this.#steps.log(line);
  }

  /** Runs one piece of work under a title. */
  async run<T>(title: string, work: (signal: AbortSignal, step: Step) => Promise<T>): Promise<T> {
    const step = this.#steps.step(title);
    try {
      this.signal.throwIfAborted();
      const result = await work(this.signal, step);
      step.done();
      return result;
    } catch (error) {
      if (this.signal.aborted) step.fail('stopped');
      else step.fail();
      this.#failure.abort(error);
      throw error;
    }
  }

  /** Waits until every piece has come to an end, then returns the results or throws the first failure (not its consequences). */
  async all<T extends readonly unknown[]>(pieces: { [K in keyof T]: Promise<T[K]> }): Promise<T> {
    const settled = await Promise.allSettled(pieces);
    this.signal.throwIfAborted();
    return settled.map((outcome) => {
      if (outcome.status === 'rejected') throw outcome.reason;
      return outcome.value;
    }) as unknown as T;
  }
}
