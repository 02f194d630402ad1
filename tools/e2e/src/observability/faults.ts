import { randomUUID } from 'node:crypto';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { dirname, join } from 'node:path';
import { jetstream } from '@nats-io/jetstream';
import { headers } from '@nats-io/transport-node';
import { appArguments } from '@orders/dev/stack/app';
import { Child } from '@orders/dev/stack/child';
import { connectNats } from '@orders/dev/stack/nats-access';
import { ROOT } from '@orders/dev/stack/paths';
import { freePorts } from '@orders/dev/stack/ports';
import { publishTls, tlsFilesIn } from '@orders/dev/stack/tls-files';
import { of } from '@orders/dev/stack/wiring';
import { CertificateAuthority } from '@orders/service/testing';
import { Client } from 'pg';
import { inParallel, pause } from '../client.ts';
import type { WatchedSystem } from './watched-system.ts';

/** Ends a fault. */
export type Heal = () => unknown;

export interface Fault {
  readonly what: string;
  /** Those that fire by it. */
  readonly alerts: readonly string[];
  /** Those that fire once it has ended. */
  readonly late?: readonly string[];
  /** Resolves once the fault is there. */
  readonly cause: (system: WatchedSystem) => Promise<Heal>;
}

const DAY_MS = 86_400_000;

export const natsAway: Fault = {
  what: 'NATS is away while orders come',
  alerts: ['EventsNotPublished', 'ConsumerLagUnknown'],
  cause: async ({ sut, alice }) => {
    await sut.system.nats.server?.stop();
    await alice.orderUntilSure();
    return () => sut.system.nats.server?.start();
  },
};

export const slowPostgres: Fault = {
  what: 'each order waits for a lock',
  alerts: ['OrdersLatencyBudgetBurn'],
  cause: async ({ sut, alice }) => {
    const client = await superuser(sut.system.postgres.url('orders'));
    const lock = async () => {
      await client.query('BEGIN; LOCK TABLE orders IN ACCESS EXCLUSIVE MODE');
      await pause(800);
      await client.query('COMMIT');
      await pause(50);
    };
    const ends = [repeat(lock), repeat(() => alice.order())];
    return async () => {
      for (const end of ends) await end();
      await client.end();
    };
  },
};

export const overload: Fault = {
  what: 'more readers than places',
  alerts: ['Overload'],
  cause: async ({ alice }) => {
    const ends = Array.from({ length: 24 }, () => repeat(() => alice.request('GET', '/orders')));
    return () => Promise.all(ends.map((end) => end()));
  },
};

export const rightRevoked: Fault = {
  what: 'fulfillment has lost a right',
  alerts: ['EventsBlocked', 'ConsumerStalled', 'ConsumerFallsBehind'],
  late: ['EffectsLatencyBudgetBurn'],
  cause: async (system) => {
    const { sut, alice } = system;
    const url = sut.system.postgres.url('fulfillment');
    await execute(url, 'REVOKE INSERT ON shipments FROM fulfillment_app');
    await inParallel(20, 4, async () => void (await alice.orderUntilSure()));
    await system.fires('EventsBlocked');
    const connection = await connectNats(sut.system.nats.access);
    const stream = jetstream(connection);
    const known = await (await stream.streams.get('ORDERS')).getMessage({ last_by_subj: 'orders.created' });
    // Each is an event that has taken effect already, once more.
    const publish = async () => {
      const copy = headers();
      for (const [name, [value = '']] of known!.header) if (name.startsWith('ce-')) copy.set(name, value);
      await inParallel(100, 50, async () => {
        await stream.publish('orders.created', known!.data, { headers: copy });
      });
      await pause(500);
    };
    const end = repeat(publish);
    return async () => {
      await end();
      await connection.close();
      await execute(url, 'GRANT INSERT ON shipments TO fulfillment_app');
    };
  },
};

export const openTransaction: Fault = {
  what: 'somebody has forgotten a transaction in the database of orders',
  alerts: ['RelayHeldBack', 'EventsNotPublished'],
  cause: async ({ sut, alice }) => {
    const client = await superuser(sut.system.postgres.url('orders'));
    await client.query('BEGIN; SELECT pg_current_xact_id()');
    await alice.orderUntilSure();
    return () => client.end();
  },
};

export const ordersAway: Fault = {
  what: 'orders is away while orders come',
  alerts: ['AppDown', 'BreakerOpen', 'OrdersErrorBudgetBurn'],
  cause: async (system) => {
    const { sut, alice } = system;
    const orders = of(sut.system.apps, 'orders');
    await orders.kill();
    const ends = Array.from({ length: 4 }, () => repeat(() => alice.order()));
    return async () => {
      for (const end of ends) await end();
      await system.resolves('BreakerOpen'); // nobody calls, and nobody closes it
      await orders.start();
    };
  },
};

export const databaseAway: Fault = {
  what: 'Postgres is away',
  alerts: ['OutboxUnknown'],
  cause: async ({ sut }) => {
    await sut.system.postgres.server?.stop();
    return () => sut.system.postgres.server?.start();
  },
};

export const streamLost: Fault = {
  what: 'NATS has lost its disk',
  alerts: ['StreamLostEvents'],
  cause: async ({ sut }) => {
    const server = sut.system.nats.server!;
    await server.kill();
    rmSync(join(server.folder, 'jetstream'), { recursive: true });
    await server.start();
    return () => undefined;
  },
};

export const poison: Fault = {
  what: 'an event that nobody can apply',
  alerts: ['DeadLetters'],
  cause: async ({ sut }) => {
    const connection = await connectNats(sut.system.nats.access);
    const id = headers();
    id.set('ce-id', randomUUID());
    await jetstream(connection).publish('orders.created', 'no JSON', { headers: id });
    await connection.close();
    return () => undefined;
  },
};

export const strangeCertificate: Fault = {
  what: 'the gateway gets a certificate of another CA that expires soon',
  alerts: ['CertificateExpires', 'PeersRefused'],
  cause: async ({ environments, alice }) => {
    const [folder, before] = certificateOf(environments, 'gateway');
    const authority = await CertificateAuthority.create('another CA');
    const leaf = await authority.issue(['gateway'], { notAfter: new Date(Date.now() + 6 * DAY_MS) });
    publishTls(folder, { ...leaf, ca: before.ca + authority.cert });
    const end = repeat(() => alice.order());
    return async () => {
      await end();
      publishTls(folder, before);
    };
  },
};

export const brokenFiles: Fault = {
  what: 'files of fulfillment are overwritten with garbage',
  alerts: ['CertificatesRefused', 'FileRefused'],
  cause: async ({ environments }) => {
    const [folder, before] = certificateOf(environments, 'fulfillment');
    const caFile = of(environments, 'fulfillment')['NATS_CA_FILE'] ?? '';
    publishTls(folder, { ...before, cert: 'garbage' });
    writeFileSync(caFile, 'garbage');
    return () => {
      publishTls(folder, before);
      writeFileSync(caFile, before.ca);
    };
  },
};

export const strayGateway: Fault = {
  what: 'a gateway is started without certificates, and with a collector that does not answer',
  alerts: ['Plaintext', 'SpansDropped'],
  cause: async ({ environments, sparePort }) => {
    const [port = 0, nobody = 0] = await freePorts(2);
    const secured = Object.entries(of(environments, 'gateway'));
    const env = Object.fromEntries(secured.filter(([name]) => !name.startsWith('TLS_')));
    const tracing = {
      OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${nobody}`,
      OTEL_BSP_SCHEDULE_DELAY: '100',
    };
    const child = await Child.spawn({
      command: process.execPath,
      args: appArguments('gateway'),
      cwd: ROOT,
      env: { ...process.env, ...env, ...tracing, PORT: String(port), MANAGEMENT_PORT: String(sparePort) },
    });
    for (const stream of [child.process.stdout, child.process.stderr]) stream?.resume();
    const end = repeat(() => fetch(`http://127.0.0.1:${port}/orders`));
    return async () => {
      await end();
      await child.stop();
    };
  },
};

export const leaseTaken: Fault = {
  what: 'somebody that does not run has the lease of the relay',
  alerts: ['RelayWithoutHolder'],
  cause: async ({ sut }) => {
    const url = sut.system.postgres.url('orders');
    const until = "clock_timestamp() + interval '1 hour'";
    await execute(url, `UPDATE outbox_cursor SET owner = 'nobody', lease_until = ${until}`);
    return () => execute(url, 'UPDATE outbox_cursor SET owner = NULL, lease_until = NULL');
  },
};

export const migrationMissing: Fault = {
  what: 'the database of fulfillment lacks a migration',
  alerts: ['MigrationFailed'],
  cause: async ({ sut }) => {
    const url = sut.system.postgres.url('fulfillment');
    await execute(url, "UPDATE migrations SET name = name || ' gone '");
    // The probe of Kubernetes.
    const end = repeat(() => fetch(`${of(sut.system.urls.management, 'fulfillment')}/readyz`));
    return async () => {
      await execute(url, "UPDATE migrations SET name = replace(name, ' gone ', '')");
      await of(sut.system.apps, 'fulfillment').ready();
      await end();
    };
  },
};

export const plainPeer: Fault = {
  what: 'somebody talks plaintext to orders',
  alerts: ['PeersRefused'],
  cause: async ({ environments }) => {
    const socket = connect(Number(of(environments, 'orders')['GRPC_PORT']), '127.0.0.1');
    socket.on('error', () => undefined).end('GET / HTTP/1.1\r\n\r\n');
    socket.resume();
    return () => socket.destroy();
  },
};

/** Runs work again and again. @returns what ends that, and resolves once the last one has ended */
function repeat(work: () => Promise<unknown>): () => Promise<void> {
  let wanted = true;
  const loop = async () => {
    while (wanted) {
      await work().catch(() => undefined);
      await pause(20);
    }
  };
  const ended = loop();
  return () => {
    wanted = false;
    return ended;
  };
}

function certificateOf(environments: WatchedSystem['environments'], app: string) {
  const folder = dirname(of(environments, app)['TLS_CERT_FILE'] ?? '');
  const { cert, key, ca } = tlsFilesIn(folder);
  const read = (file: string) => readFileSync(file, 'utf8');
  return [folder, { cert: read(cert), key: read(key), ca: read(ca) }] as const;
}

async function superuser(url: string): Promise<Client> {
  const client = new Client({ connectionString: url });
  client.on('error', () => undefined);
  await client.connect();
  return client;
}

async function execute(url: string, sql: string): Promise<void> {
  const client = await superuser(url);
  await client.query(sql);
  await client.end();
}
