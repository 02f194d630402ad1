import { serveGrpc } from '@orders/grpc';
import {
  databaseUrl,
  openDatabase,
  type PostgresSettings,
  type Queryable,
  type Rights,
} from '@orders/postgres';
import { CALLERS, inboxV1 } from '@orders/rpc';
import type { Secret, Service, TlsIdentity } from '@orders/service';
import type { DataSource } from 'typeorm';
import type { EventHandler } from './event-handler.js';
import { ServedConsumer } from './served-consumer.js';
import { ServedInboxController } from './served-inbox.controller.js';

/** An operator settles one dead letter at a time; a second connection is for a second operator. */
const DESK_POOL_MAX = 2;

/** Config of an app that serves inbox.v1.Inbox: spread it into the app's schema. */
export const inboxConfig = {
  // A login with the rights of the operator. Default: none; dead letters are then settled by the command `dlq` alone.
  OPERATOR_DATABASE_URL: databaseUrl('OPERATOR_DATABASE_URL').optional(),
};

export interface InboxServerOptions {
  service: Service;
  config: {
    readonly host: string;
    readonly grpcPort: number;
    readonly operatorDatabaseUrl?: Secret | undefined;
    readonly postgresDurability: 'required' | 'unchecked';
  };
  tls?: TlsIdentity | undefined;
  /** The database of the app, open. */
  database: Queryable;
  /** Creates a data source of that database for another login, not connected yet. */
  dataSource: (settings: PostgresSettings) => DataSource;
  handlers: readonly EventHandler[];
  /** What the login of the operator must be allowed to do. */
  rights: Rights;
}

/**
 * Serves inbox.v1.Inbox for the consumer of this app until the service stops, to the apps that declare to call it. With
 * `OPERATOR_DATABASE_URL` dead letters can be settled by it.
 *
 * @returns resolves once it serves, and that login can be used
 */
export async function serveInbox(options: InboxServerOptions): Promise<void> {
  const { service, config, tls, database, handlers } = options;
  const consumer = new ServedConsumer({
    name: service.name,
    handlers,
    database,
    desk: await openDesk(options),
  });
  await serveGrpc({
    ...{ service, tls, callers: CALLERS, address: `${config.host}:${config.grpcPort}` },
    definitions: { 'inbox.v1.Inbox': inboxV1.InboxService },
    // Fits 100 ids of 512 characters.
    maxMessageBytes: 256 * 1_024,
    controllers: [ServedInboxController],
    providers: [{ provide: ServedConsumer, useValue: consumer }],
  });
}

async function openDesk({ service, config, tls, dataSource, rights }: InboxServerOptions) {
  const { operatorDatabaseUrl: url, postgresDurability: durability } = config;
  if (!url) return undefined;
  const desk = dataSource({ url, tls, poolMax: DESK_POOL_MAX, applicationName: `${service.name}-operator` });
  await openDatabase(desk, service, { check: 'postgres-operator', durability, rights });
  return desk;
}
