import { flushTelemetry, logSpanExport } from '@orders/instrumentation';
import type { Server } from 'node:http';
import type { Logger } from 'pino';
import { CliError } from './cli-error.js';
import type { BaseConfig } from './config.js';
import { openManagementServer } from './management-server.js';
import { Readiness, type HealthReport, type ReadinessCheck } from './readiness.js';
import { Shutdown, type StopPhase, type StopStep } from './shutdown.js';

export { type StopPhase } from './shutdown.js';

/** The part of `process` that a service uses; a test passes its own. */
export interface ProcessHandle {
  on(event: string, listener: (...args: never[]) => void): unknown;
  exit(code: number): void;
}

export interface ServiceOptions {
  /** Name of the app. */
  name: string;
  config: Pick<BaseConfig, 'host' | 'managementPort' | 'shutdownWaitMs' | 'shutdownDrainMs'>;
  logger: Logger;
  /** Default: `process`. */
  process?: ProcessHandle;
}

/** A stop that takes longer is ended with exit code 1, in ms. Kubernetes' grace period must be longer. */
const FORCE_EXIT_MS = 25_000;

/**
 * The life of a process: health on the management port, and a stop in a fixed order.
 *
 * On SIGTERM or SIGINT, `/readyz` answers 503 and the service waits `shutdownWaitMs`. Then it runs all `intake` steps and
 * all `drain` steps (`shutdownDrainMs` for both), all `connections` steps (2 s), exports the last telemetry, and exits
 * with 0. After 25 s it exits with 1 in any case. An uncaught error is logged and exits with 1 at once.
 */
export class Service {
  readonly name: string;
  readonly logger: Logger;
  private readonly checks = new Readiness();
  private readonly shutdown: Shutdown;
  private readonly process: ProcessHandle;
  private readonly address: { host: string; port: number };
  private management: Server | undefined;
  private state: 'starting' | 'waiting' | 'started' | 'stopping' = 'starting';

  constructor(options: ServiceOptions) {
    const { config, logger } = options;
    this.name = options.name;
    this.logger = logger;
    this.process = options.process ?? process;
    logSpanExport(logger);
    this.address = { host: config.host, port: config.managementPort };
    this.shutdown = new Shutdown({ waitMs: config.shutdownWaitMs, drainMs: config.shutdownDrainMs }, logger);
    this.process.on('SIGTERM', () => void this.stop('SIGTERM'));
    this.process.on('SIGINT', () => void this.stop('SIGINT'));
    this.process.on('uncaughtException', (error: Error) => this.crash(error));
    this.process.on('unhandledRejection', (reason: unknown) => this.crash(reason));
  }

  /** True from the first SIGTERM, SIGINT or {@link stop} on. */
  get stopping(): boolean {
    return this.state === 'stopping';
  }

  /**
   * Serves `/livez` (200 at once), `/startupz` (503 until {@link markStarted} or {@link markWaiting}), `/readyz` (503 until
   * {@link markStarted}, with the checks that fail), `/metrics`, and `/log-level`, which also takes another one.
   *
   * @returns the port, which the system chose if the config says 0
   * @throws when the port is taken or the process may not open it
   */
  async openManagementPort(): Promise<number> {
    this.management = await openManagementServer(this.address, {
      logger: this.logger,
      isStarted: () => this.state !== 'starting',
      readiness: () => this.report(),
    });
    const address = this.management.address();
    return typeof address === 'object' && address ? address.port : this.address.port;
  }

  /**
   * Adds a check to `/readyz`. Check only what this process cannot work without.
   *
   * @param check rejects when it fails; fails when it takes longer than 1 s; resolves to a problem that only the details
   *   show
   */
  addReadinessCheck(name: string, check: ReadinessCheck): void {
    this.checks.add(name, check);
  }

  /**
   * Adds a step to the stop. The steps of a phase run at the same time; one that fails does not keep others from running.
   *
   * @param fn gets a signal that aborts when the time of its phase is up: it must then cut off what is left
   */
  onStop(phase: StopPhase, name: string, fn: StopStep): void {
    this.shutdown.add(phase, name, fn);
  }

  /**
   * Marks the process as one that waits for a server before it can start. `/startupz` succeeds, because a restart would not
   * help; a readiness check must have the reason. Does nothing once started or stopping.
   */
  markWaiting(): void {
    if (this.state === 'starting') this.state = 'waiting';
  }

  /** Marks the process as able to take traffic; call it once, at the end of `main`. Does nothing during a stop. */
  markStarted(): void {
    if (this.state !== 'starting' && this.state !== 'waiting') return;
    this.state = 'started';
    this.logger.info({ startupMs: Math.round(performance.now()) }, 'started');
  }

  /** Stops the process as SIGTERM does; a second call does nothing. Resolves after `process.exit` was called. */
  async stop(reason: string): Promise<void> {
    if (this.stopping) return;
    this.state = 'stopping';
    this.logger.info({ reason }, 'stopping');
    const force = setTimeout(() => this.exit(1, 'stopping took too long'), FORCE_EXIT_MS);
    await this.shutdown.run();
    await flushTelemetry();
    clearTimeout(force);
    this.management?.closeAllConnections();
    this.management?.close();
    this.exit(0, 'stopped');
  }

  private async report(): Promise<HealthReport> {
    const { state } = this;
    const own: HealthReport = { status: 'error', details: { process: { status: 'down', state } } };
    // The checks may use what a stop has closed.
    if (state === 'stopping') return own;
    const report = await this.checks.report();
    return state === 'started' ? report : { ...own, details: { ...own.details, ...report.details } };
  }

  private crash(error: unknown): void {
    if (error instanceof CliError) this.logger.fatal(error.message);
    else this.logger.fatal({ err: error }, 'crashed');
    this.process.exit(1);
  }

  private exit(code: number, message: string): void {
    this.logger[code === 0 ? 'info' : 'error'](message);
    this.process.exit(code);
  }
}
