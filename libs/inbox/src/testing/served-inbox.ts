import { type Client, credentials, type ServiceError, status } from '@grpc/grpc-js';
import { createLogger } from '@orders/instrumentation';
import { postgresOptions, type PostgresSettings } from '@orders/postgres';
import type { TestDatabase } from '@orders/postgres/testing';
import { inboxV1 } from '@orders/rpc';
import { Secret, Service } from '@orders/service';
import { freePort } from '@orders/service/testing';
import { DataSource, type MigrationInterface, type QueryRunner } from 'typeorm';
import { z } from 'zod';
import { eventHandler } from '../event-handler.js';
import { DEAD_LETTER_RIGHTS } from '../inbox-rights.js';
import { INBOX_SCHEMA_V1 } from '../inbox-schema.js';
import { serveInbox } from '../serve-inbox.js';

/** What the app `reader` does with its events: nothing. */
export const handlers = [
  eventHandler({
    contract: { type: 'things.made', schema: z.object({ n: z.number() }) },
    handle: async () => undefined,
  }),
];

class InboxTables1763800000001 implements MigrationInterface {
  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(INBOX_SCHEMA_V1);
  }

  down(): Promise<void> {
    return Promise.reject(new Error('migrations only go forward'));
  }
}

export const dataSource = (settings: PostgresSettings) =>
  new DataSource({ ...postgresOptions(settings), entities: [], migrations: [InboxTables1763800000001] });

/** An app that serves inbox.v1.Inbox as `reader`, and a caller of it. */
export class ServedInbox {
  private constructor(
    private readonly service: Service,
    private readonly client: inboxV1.InboxClient,
    private readonly database: DataSource,
  ) {}

  static async serve(db: TestDatabase, hasDesk: boolean): Promise<ServedInbox> {
    const port = await freePort();
    const service = new Service({
      name: 'reader',
      config: { host: '127.0.0.1', managementPort: 0, shutdownWaitMs: 0, shutdownDrainMs: 1_000 },
      logger: createLogger({ name: 'reader', level: 'silent' }),
      process: { on: () => undefined, exit: () => undefined },
    });
    const url = new Secret(db.url);
    const database = await dataSource({ url, poolMax: 2, applicationName: 'test' }).initialize();
    const config = {
      ...{ host: '127.0.0.1', grpcPort: port, postgresDurability: 'required' as const },
      ...(hasDesk && { operatorDatabaseUrl: url }),
    };
    await serveInbox({ ...{ service, config, database, dataSource, handlers }, rights: DEAD_LETTER_RIGHTS });
    return new ServedInbox(
      service,
      new inboxV1.InboxClient(`127.0.0.1:${port}`, credentials.createInsecure()),
      database,
    );
  }

  /** @throws {ServiceError} */
  call<Name extends 'getDeliveries' | 'listDeadLetters' | 'getDeadLetter' | 'redrive' | 'discard'>(
    name: Name,
    request: Parameters<inboxV1.InboxClient[Name]>[0],
    options: { deadline?: number } = {},
  ): Promise<Answers[Name]> {
    type Start = (
      request: unknown,
      options: object,
      done: (error: ServiceError | null, answer: unknown) => void,
    ) => void;
    const start = (this.client[name] as unknown as Start).bind(this.client as Client);
    return new Promise((resolve, reject) =>
      start(request, options, (error, answer) => (error ? reject(error) : resolve(answer as Answers[Name]))),
    );
  }

  async refusal(...call: Parameters<ServedInbox['call']>): Promise<[string | undefined, string]> {
    const error = await this.call(...call).then(
      () => undefined,
      (reason: unknown) => reason as ServiceError,
    );
    const errors = decodeURIComponent(String(error?.metadata.get('problem-errors')[0] ?? '[]'));
    const [field] = JSON.parse(errors) as { pointer: string }[];
    return [error && status[error.code], field?.pointer ?? ''];
  }

  async stop(): Promise<void> {
    this.client.close();
    await this.service.stop('test');
    await this.database.destroy();
  }
}

interface Answers {
  getDeliveries: inboxV1.GetDeliveriesResponse;
  listDeadLetters: inboxV1.ListDeadLettersResponse;
  getDeadLetter: inboxV1.DeadLetter;
  redrive: inboxV1.RedriveResponse;
  discard: inboxV1.DiscardResponse;
}
