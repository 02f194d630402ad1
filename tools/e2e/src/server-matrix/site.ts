import { join } from 'node:path';
import { jetstreamManager, type StreamConfig } from '@nats-io/jetstream';
import { connect, nanos } from '@nats-io/transport-node';
import { ensureDatabases } from '@orders/dev/stack/databases';
import { type NatsVersion, resolveNatsServer } from '@orders/dev/stack/nats-binary';
import { NatsServer } from '@orders/dev/stack/nats-server';
import { freePorts } from '@orders/dev/stack/ports';
import { EmbeddedPostgres, removePostgres } from '@orders/dev/stack/postgres';
import { type PackagedVersion, postgresRelease } from '@orders/dev/stack/postgres-release';
import { startNats } from '@orders/dev/stack/servers';
import { Standby } from '@orders/dev/stack/standby';
import { Tasks } from '@orders/dev/stack/tasks';

const DAY_MS = 24 * 60 * 60 * 1_000;

/** Starts servers, and stops them last first when it is disposed. */
export class Site extends AsyncDisposableStack {
  readonly #folder: string;
  #count = 0;

  /** @param folder for what the servers store */
  constructor(folder: string) {
    super();
    this.#folder = folder;
  }

  /** A Postgres with an empty database `orders`. */
  async postgres(version: PackagedVersion, settings?: Record<string, string>): Promise<EmbeddedPostgres> {
    const binaries = await postgresRelease(version);
    const [port = 0] = await freePorts(1);
    const folder = this.#newFolder();
    const server = new EmbeddedPostgres({ folder, port, binaries, settings });
    this.defer(() => removePostgres(folder));
    this.defer(() => server.stop());
    await server.start();
    await ensureDatabases(server.url(), ['orders']);
    return server;
  }

  /** A synchronous standby of that server. */
  async standbyOf(primary: EmbeddedPostgres): Promise<EmbeddedPostgres> {
    const [port = 0] = await freePorts(1);
    const folder = this.#newFolder();
    const standby = await Standby.follow(primary, { folder, port });
    this.defer(() => removePostgres(folder));
    this.defer(() => standby.stop());
    await standby.synchronous();
    return standby.server;
  }

  /** @returns the URL of one nats-server, or the URLs of a cluster of three */
  async nats(version: NatsVersion, nodes: 1 | 3 = 1): Promise<string> {
    const options = { dataDir: this.#newFolder(), nats: { version, nodes } };
    return (await startNats(options, new Tasks(), this)).url;
  }

  async natsWithoutJetStream(version: NatsVersion): Promise<string> {
    const binary = await resolveNatsServer({ version });
    const [port = 0, monitoringPort = 0] = await freePorts(2);
    const folder = this.#newFolder();
    const server = new NatsServer({ binary, folder, port, monitoringPort, jetStream: false });
    this.defer(() => server.stop());
    await server.start();
    return server.url;
  }

  /** One nats-server that has the stream of orders, with some settings that the app would not choose. */
  async natsWithStream(version: NatsVersion, unusual: Partial<StreamConfig>): Promise<string> {
    const url = await this.nats(version);
    const connection = await connect({ servers: url });
    const { streams } = await jetstreamManager(connection);
    await streams.add({
      ...{ name: 'ORDERS', subjects: ['orders.>'], discard: 'new' },
      ...{ max_age: nanos(7 * DAY_MS), duplicate_window: nanos(DAY_MS / 24) },
      ...unusual,
    });
    await connection.close();
    return url;
  }

  #newFolder(): string {
    this.#count += 1;
    return join(this.#folder, String(this.#count), 'data');
  }
}
