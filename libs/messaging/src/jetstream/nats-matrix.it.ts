import { describe, expect, it } from '@jest/globals';
import { connect, type NatsConnection, PermissionViolationError } from '@nats-io/transport-node';
import { inboxPrefix, natsUsers, OPERATOR, permissionsOf, PROVISIONER } from '@orders/contracts';
import { ConfiguredNats } from '../testing/configured-nats.js';
import { NATS_PROGRAMS } from '../testing/jetstream-bus.js';

const APPS = [
  { name: 'orders', publishes: ['orders.created', 'orders.canceled'], consumes: [] },
  { name: 'fulfillment', publishes: [], consumes: ['orders.created', 'orders.canceled'] },
];
const USERS = natsUsers(APPS);
const MAKERS = [OPERATOR, PROVISIONER];
const ALL = ['orders', 'fulfillment', ...MAKERS];

/** Where somebody publishes or subscribes, and the users that may. All others are refused. */
const PUBLISH: Record<string, readonly string[]> = {
  'orders.created': ['orders', OPERATOR],
  'orders.canceled': ['orders', OPERATOR],
  'orders.lost': [],
  'orders.replay.fulfillment.orders.created': [OPERATOR],
  'anything.else': [],
  '_INBOX_orders.answer': [],
  '_INBOX_fulfillment.answer': [],
  '$JS.API.INFO': ALL,
  '$JS.API.STREAM.NAMES': ALL,
  '$JS.API.STREAM.LIST': [],
  '$JS.API.STREAM.INFO.ORDERS': ALL,
  '$JS.API.STREAM.INFO.OTHER': [],
  '$JS.API.STREAM.MSG.GET.ORDERS': ['orders', 'fulfillment'],
  '$JS.API.DIRECT.GET.ORDERS.orders.created': [],
  '$JS.API.STREAM.CREATE.ORDERS': MAKERS,
  '$JS.API.STREAM.CREATE.OTHER': [],
  '$JS.API.STREAM.UPDATE.ORDERS': MAKERS,
  '$JS.API.STREAM.DELETE.ORDERS': [OPERATOR],
  '$JS.API.STREAM.PURGE.ORDERS': [],
  '$JS.API.STREAM.MSG.DELETE.ORDERS': [],
  '$JS.API.STREAM.SNAPSHOT.ORDERS': [],
  '$JS.API.STREAM.RESTORE.ORDERS': [],
  '$JS.API.STREAM.LEADER.STEPDOWN.ORDERS': [],
  '$JS.API.CONSUMER.LIST.ORDERS': [OPERATOR],
  '$JS.API.CONSUMER.CREATE.ORDERS': [],
  '$JS.API.CONSUMER.CREATE.ORDERS.spy.orders.created': [],
  '$JS.API.CONSUMER.CREATE.ORDERS.fulfillment.orders.created': MAKERS,
  '$JS.API.CONSUMER.DURABLE.CREATE.ORDERS.fulfillment': MAKERS,
  '$JS.API.CONSUMER.DURABLE.CREATE.ORDERS.spy': [],
  '$JS.API.CONSUMER.DELETE.ORDERS.fulfillment': [OPERATOR],
  '$JS.API.CONSUMER.INFO.ORDERS.fulfillment': ['fulfillment', ...MAKERS],
  '$JS.API.CONSUMER.INFO.ORDERS.spy': [],
  '$JS.API.CONSUMER.MSG.NEXT.ORDERS.fulfillment': ['fulfillment'],
  '$JS.API.CONSUMER.MSG.NEXT.ORDERS.spy': [],
  '$JS.ACK.ORDERS.fulfillment.1.1.1.1.0': ['fulfillment'],
  '$JS.ACK.ORDERS.spy.1.1.1.1.0': [],
  '$SYS.REQ.SERVER.PING': [],
};
const SUBSCRIBE: Record<string, readonly string[]> = {
  '>': [],
  'orders.>': [],
  'orders.created': [],
  '$JS.API.>': [],
  '$JS.ACK.>': [],
  '_INBOX.>': [],
  '_INBOX_orders.mine': ['orders'],
  '_INBOX_fulfillment.mine': ['fulfillment'],
  '_INBOX_operator.mine': MAKERS,
};

/** Those of the subjects that a user is refused. */
async function refused(
  connection: NatsConnection,
  deed: (subject: string) => void,
  subjects: readonly string[],
) {
  const violations: string[] = [];
  void (async () => {
    for await (const status of connection.status())
      if (status.type === 'error' && status.error instanceof PermissionViolationError)
        violations.push(status.error.subject);
  })();
  for (const subject of subjects) deed(subject);
  // The errors come before the answer to this.
  await connection.flush();
  await new Promise(setImmediate);
  return violations.sort();
}

describe.each(NATS_PROGRAMS)('%s refuses', (_version, program) => {
  it('each user all that is not its own, and a client without a user everything', async () => {
    const users = USERS.map((user) => ({
      ...{ user: user.name, password: 'p' },
      permissions: permissionsOf(user, false),
    }));
    // Without JetStream nothing happens to what is allowed.
    await using server = await ConfiguredNats.start({ jetstream: false, authorization: { users } }, program);
    const servers = `localhost:${server.port}`;
    await using connections = new AsyncDisposableStack();
    for (const { name: user } of USERS) {
      const connection = await connect({ servers, user, pass: 'p', inboxPrefix: inboxPrefix(user) });
      connections.defer(() => connection.close());
      const forbidden = (table: Record<string, readonly string[]>) =>
        Object.keys(table)
          .filter((subject) => !table[subject]!.includes(user))
          .sort();
      const published = await refused(
        connection,
        (subject) => connection.publish(subject),
        Object.keys(PUBLISH),
      );
      expect({ user, published }).toEqual({ user, published: forbidden(PUBLISH) });
      const ignoring = (subject: string) => void connection.subscribe(subject, { callback: () => undefined });
      const subscribed = await refused(connection, ignoring, Object.keys(SUBSCRIBE));
      expect({ user, subscribed }).toEqual({ user, subscribed: forbidden(SUBSCRIBE) });
    }
    await expect(connect({ servers, reconnect: false })).rejects.toThrow('Authorization Violation');
  });
});
