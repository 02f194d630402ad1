import type { Logger } from 'pino';

/** `intake`: take nothing new. `drain`: finish what is under way. `connections`: close what the work needed. */
export type StopPhase = 'intake' | 'drain' | 'connections';

/** Aborts when the phase is over: whatever is not done then must be cut. */
export type StopStep = (signal: AbortSignal) => Promise<void>;

export interface ShutdownLimits {
  /** Between "not ready" and `intake`, so that load balancers notice; in ms. */
  waitMs: number;
  /** For `intake` and `drain` together, in ms. */
  drainMs: number;
}

/** For `connections`, in ms. */
const CONNECTIONS_MS = 2_000;

/** The steps of a stop and their order. A step that fails or is late is logged and keeps no other from running. */
export class Shutdown {
  private readonly steps: { phase: StopPhase; name: string; step: StopStep }[] = [];

  constructor(
    private readonly limits: ShutdownLimits,
    private readonly logger: Logger,
  ) {}

  add(phase: StopPhase, name: string, step: StopStep): void {
    this.steps.push({ phase, name, step });
  }

  /** Resolves when all phases are over; never rejects. */
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
    const late = () => this.logger.warn({ step: name }, 'stopping: cut after its time');
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
