import { flushTelemetry } from '@orders/instrumentation';
import type { Server } from 'node:http';
import type { Logger } from 'pino';
import type { BaseConfig } from './config.js';
import { openManagementServer } from './management-server.js';
import { Readiness, type HealthReport } from './readiness.js';
import { Shutdown, type StopPhase, type StopStep } from './shutdown.js';

export { type StopPhase } from './shutdown.js';

/** What a service needs of its process; a test hands in another one. */
export interface ProcessHandle {
  on(event: string, listener: (...args: never[]) => void): unknown;
  exit(code: number): void;
}

export interface ServiceOptions {
  /** The app. */
  name: string;
  config: Pick<BaseConfig, 'host' | 'managementPort' | 'shutdownWaitMs' | 'shutdownDrainMs'>;
  logger: Logger;
  /** Default: the process itself. */
  process?: ProcessHandle;
}

/** A stop that takes longer ends in exit 1, in ms. Kubernetes' grace period must be longer. */
const FORCE_EXIT_MS = 25_000;

/**
 * The life of one process: health on the management port, and a stop in a fixed order. On SIGTERM or SIGINT:
 * not ready, wait `shutdownWaitMs`, all `intake`, all `drain` (`shutdownDrainMs` for both), all `connections`
 * (2 s), telemetry, exit 0; exit 1 after 25 s whatever happens. An uncaught error is logged and exits with 1.
 */
export class Service {
  readonly name: string;
  readonly logger: Logger;
  private readonly checks = new Readiness();
  private readonly shutdown: Shutdown;
  private readonly process: ProcessHandle;
  private readonly address: { host: string; port: number };
  private management: Server | undefined;
  private state: 'starting' | 'started' | 'stopping' = 'starting';

  constructor(options: ServiceOptions) {
    const { config, logger } = options;
    this.name = options.name;
    this.logger = logger;
    this.process = options.process ?? process;
    this.address = { host: config.host, port: config.managementPort };
    this.shutdown = new Shutdown({ waitMs: config.shutdownWaitMs, drainMs: config.shutdownDrainMs }, logger);
    this.process.on('SIGTERM', () => void this.stop('SIGTERM'));
    this.process.on('SIGINT', () => void this.stop('SIGINT'));
    this.process.on('uncaughtException', (error: Error) => this.crash(error));
    this.process.on('unhandledRejection', (reason: unknown) => this.crash(reason));
  }

  /** True from the first signal on. */
  get stopping(): boolean {
    return this.state === 'stopping';
  }

  /**
   * Opens `/livez` (200 at once), `/startupz` and `/readyz` (503 until {@link started}) and `/metrics`.
   *
   * @returns the port, which matters when the config says 0
   * @throws when the port is taken or not allowed
   */
  async openManagementPort(): Promise<number> {
    this.management = await openManagementServer(this.address, {
      started: () => this.state !== 'starting',
      ready: () => this.report(),
    });
    const address = this.management.address();
    return typeof address === 'object' && address ? address.port : this.address.port;
  }

  /**
   * Adds a check to `/readyz`: only of what this process's own work cannot do without.
   *
   * @param check rejects when it fails; has 1 s
   */
  readiness(name: string, check: () => Promise<void>): void {
    this.checks.add(name, check);
  }

  /**
   * Adds a step to the stop. Steps of one phase run together; a failing one keeps no other from running.
   *
   * @param fn gets a signal that aborts when its phase must be over: cut what is left then
   */
  onStop(phase: StopPhase, name: string, fn: StopStep): void {
    this.shutdown.add(phase, name, fn);
  }

  /** Tells that the process can take traffic; to be called once, at the end of main. */
  started(): void {
    if (this.state !== 'starting') return;
    this.state = 'started';
    this.logger.info({ startupMs: Math.round(performance.now()) }, 'started');
  }

  /** Begins the stop as a signal would; a second call does nothing. Resolves after the exit was ordered. */
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
    if (this.state !== 'started')
      return { status: 'error', details: { process: { status: 'down', state: this.state } } };
    return this.checks.report();
  }

  private crash(error: unknown): void {
    this.logger.fatal({ err: error }, 'crashed');
    this.process.exit(1);
  }

  private exit(code: number, message: string): void {
    this.logger[code === 0 ? 'info' : 'error'](message);
    this.process.exit(code);
  }
}
