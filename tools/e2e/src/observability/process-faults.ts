import { appArguments } from '@orders/dev/stack/app';
import { Child } from '@orders/dev/stack/child';
import { ROOT } from '@orders/dev/stack/paths';
import { freePorts } from '@orders/dev/stack/ports';
import { of } from '@orders/dev/stack/wiring';
import { pause } from '../client.ts';
import { execute, type Fault, repeat, superuser } from './fault.ts';

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
