import { randomUUID } from 'node:crypto';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { jetstream } from '@nats-io/jetstream';
import { headers } from '@nats-io/transport-node';
import { connectNats } from '@orders/dev/stack/nats-access';
import { inParallel, pause } from '../client.ts';
import { execute, type Fault, repeat, superuser } from './fault.ts';

export const natsAway: Fault = {
  what: 'NATS is away while orders come',
  alerts: ['EventsNotPublished', 'ConsumerLagUnknown'],
  cause: async ({ sut, alice }) => {
    await sut.system.nats.server?.stop();
    await alice.orderUntilSure();
    return () => sut.system.nats.server?.start();
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

export const leaseTaken: Fault = {
  what: 'somebody that does not run has the lease of the relay',
  alerts: ['RelayWithoutHolder'],
  cause: async ({ sut }) => {
    const url = sut.system.postgres.url('orders');
    const until = "clock_timestamp() + interval '1 hour'";
    await execute(url, `UPDATE outbox_cursor SET owner = 'nobody', lease_until = ${until}`);
    return () => execute(url, 'UPDATE outbox_cursor SET owner = NULL');
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
