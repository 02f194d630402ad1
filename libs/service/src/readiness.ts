import { HealthIndicatorService, type HealthIndicatorResult } from '@nestjs/terminus';

/** The body of `/readyz` and `/startupz`, as @nestjs/terminus writes it. */
export interface HealthReport {
  status: 'ok' | 'error';
  details: HealthIndicatorResult;
}

/**
 * Rejects when the process cannot do its work, and fails when it takes longer than 1 s. Resolves to a problem that the
 * process can work with: the details show it.
 */
export type ReadinessCheck = () => Promise<string | void>;

/** Longest time that a check may take, in ms. */
const CHECK_LIMIT_MS = 1_000;

/** The readiness checks of a process. They run at the same time. */
export class Readiness {
  private readonly indicators = new HealthIndicatorService();
  private readonly checks = new Map<string, ReadinessCheck>();

  add(name: string, check: ReadinessCheck): void {
    this.checks.set(name, check);
  }

  /** Runs all checks. The status is `error` when one of them fails. */
  async report(): Promise<HealthReport> {
    const results = await Promise.all([...this.checks].map(([name, check]) => this.run(name, check)));
    const down = results.some((result) => Object.values(result).some((entry) => entry.status === 'down'));
    return { status: down ? 'error' : 'ok', details: Object.assign({}, ...results) as HealthIndicatorResult };
  }

  private async run(name: string, check: ReadinessCheck): Promise<HealthIndicatorResult> {
    const indicator = this.indicators.check(name);
    const late = Promise.withResolvers<never>();
    const timer = setTimeout(() => late.reject(new Error('no answer within 1 s')), CHECK_LIMIT_MS);
    try {
      const problem = await Promise.race([check(), late.promise]);
      return problem === undefined ? indicator.up() : indicator.up({ message: problem });
    } catch (error) {
      return indicator.down({ message: error instanceof Error ? error.message : String(error) });
    } finally {
      clearTimeout(timer);
    }
  }
}
