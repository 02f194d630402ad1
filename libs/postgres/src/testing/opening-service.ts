import { Service } from '@orders/service';
import { pino } from 'pino';
import type { DataSource } from 'typeorm';
import { type DatabaseExpectations, openDatabase } from '../open-database.js';

/** A service that opens its database, as an app does when it starts. */
export class OpeningService {
  /** The messages that it has logged, with their reasons. */
  readonly logged: string[] = [];
  /** Settles as {@link openDatabase} does. */
  readonly opened: Promise<void>;
  private readonly service: Service;

  private constructor(
    readonly database: DataSource,
    expectations: DatabaseExpectations,
  ) {
    const write = (line: string) => {
      const { msg, reason } = JSON.parse(line) as { msg: string; reason?: string };
      this.logged.push(reason === undefined ? msg : `${msg}: ${reason}`);
    };
    this.service = new Service({
      name: 'test',
      config: { host: '127.0.0.1', managementPort: 0, shutdownWaitMs: 0, shutdownDrainMs: 0 },
      logger: pino({ level: 'info' }, { write }),
      process: { on: () => undefined, exit: () => undefined },
    });
    this.opened = openDatabase(database, this.service, expectations).then(() => this.service.markStarted());
    this.opened.catch(() => undefined);
  }

  private port = 0;

  static async start(database: DataSource, expectations: DatabaseExpectations): Promise<OpeningService> {
    const opening = new OpeningService(database, expectations);
    opening.port = await opening.service.openManagementPort();
    return opening;
  }

  /** The status of `/startupz`. */
  async startup(): Promise<number> {
    return (await fetch(`http://127.0.0.1:${this.port}/startupz`)).status;
  }

  /** The status of `/readyz`, and why the database cannot be used. */
  async readiness(): Promise<{ status: number; reason: string | undefined }> {
    const answer = await fetch(`http://127.0.0.1:${this.port}/readyz`);
    const { details } = (await answer.json()) as { details: { postgres: { message?: string } } };
    return { status: answer.status, reason: details.postgres.message };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.service.stop('test');
  }
}
