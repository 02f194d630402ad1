import type { Logger } from 'pino';

/** `intake`: accept no new work. `drain`: finish the work in progress. `connections`: close what the work needed. */
export type StopPhase = 'intake' | 'drain' | 'connections';

/** `signal` aborts when the time of the phase is up: the step must then cut off what is not done. */
export type StopStep = (signal: AbortSignal) => Promise<void>;

export interface ShutdownLimits {
  /** Time from not being ready to `intake`, so that load balancers notice, in ms. */
  waitMs: number;
  /** Time for `intake` and `drain` together, in ms. */
  drainMs: number;
}

/** Time for `connections`, in ms. */
const CONNECTIONS_MS = 2_000;

/** The steps of a stop. One that fails or takes too long is logged and does not keep others from running. */
export class Shutdown {
  private readonly steps: { phase: StopPhase; name: string; step: StopStep }[] = [];

  constructor(
    private readonly limits: ShutdownLimits,
    private readonly logger: Logger,
  ) {}

  add(phase: StopPhase, name: string, step: StopStep): void {
    this.steps.push({ phase, name, step });
  }

  /** Runs all phases in their order. Resolves when they are over; never rejects. */
  async run(): Promise<void> {
    await new Promise((resolve) => setTimeout(resolve, this.limits.waitMs));
    await this.within(this.limits.drainMs, async (signal) => {
      await this.phase('intake', signal);
      await this.phase('drain', signal);
    });
    await this.within(CONNECTIONS_MS, (signal) => this.phase('connections', signal));
  }

  private async within(ms: number, fn: (signal: AbortSignal) => Promise<void>): Promise<void> {
    const limit = new AbortController();
    const over = new Promise<void>((resolve) => {
      limit.signal.addEventListener('abort', () => resolve(), { once: true });
    });
    const timer = setTimeout(() => limit.abort(), ms);
    await Promise.race([fn(limit.signal), over]);
    clearTimeout(timer);
  }

  private async phase(phase: StopPhase, signal: AbortSignal): Promise<void> {
    const steps = this.steps.filter((step) => step.phase === phase);
    await Promise.all(
      steps.map(({ name, step }) => this.step(`${phase}: ${name}`, () => step(signal), signal)),
    );
  }

  private async step(name: string, run: () => Promise<void>, signal: AbortSignal): Promise<void> {
    const late = () => this.logger.warn({ step: name }, 'stopping: a step was cut off after its time');
    signal.addEventListener('abort', late, { once: true });
    try {
      await run();
    } catch (error) {
      this.logger.error({ step: name, err: error }, 'stopping: a step failed');
    } finally {
      signal.removeEventListener('abort', late);
    }
  }
}
