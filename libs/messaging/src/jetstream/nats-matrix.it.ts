import { describe, expect, it } from '@jest/globals';
import { connect, type NatsConnection, PermissionViolationError } from '@nats-io/transport-node';
import { inboxPrefix, OPERATOR, PROVISIONER } from '@orders/contracts';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ConfiguredNats } from '../testing/configured-nats.js';
import { NATS_PROGRAMS } from '../testing/jetstream-bus.js';

/** What operators copy, as it is and without the lines that are marked so. */
const FILE = readFileSync(join(import.meta.dirname, '../../../../docs/nats-permissions.conf'), 'utf8');
const STRICT = FILE.replace(/^ *# makes what it needs; delete these lines[^\]]*/gm, '');
const FORMS = { file: FILE, strict: STRICT } as const;
type Form = keyof typeof FORMS;
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
  '_INBOX_operator.mine': [OPERATOR],
  '_INBOX_provisioner.mine': MAKERS,
};
/** Where an app also publishes by the marked lines. */
const MARKED: Record<string, string> = {
  '$JS.API.STREAM.CREATE.ORDERS': 'orders',
  '$JS.API.CONSUMER.CREATE.ORDERS.fulfillment.orders.created': 'fulfillment',
  '$JS.API.CONSUMER.DURABLE.CREATE.ORDERS.fulfillment': 'fulfillment',
  '$JS.API.CONSUMER.DELETE.ORDERS.fulfillment': 'fulfillment',
};

/** Without JetStream, so that nothing happens to what is allowed. Each user of the file has an account: it must. */
function configuration(form: Form): string {
  const users = [...FILE.matchAll(/^(\w+)_permissions:/gm)].map(
    ([, name]) => `{ user: ${name}, password: p, permissions: $${name}_permissions }`,
  );
  return `${FORMS[form]}\nauthorization { users: [${users.join('\n')}] }`;
}

function forbidden(table: Record<string, readonly string[]>, user: string, form: Form): string[] {
  const isMarked = (subject: string) => form === 'file' && MARKED[subject] === user;
  return Object.keys(table)
    .filter((subject) => !table[subject]!.includes(user) && !isMarked(subject))
    .sort();
}

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
  return violations.toSorted();
}

describe.each(NATS_PROGRAMS)('docs/nats-permissions.conf in %s', (_version, program) => {
  it.each<[string, Form]>([
    ['as it is', 'file'],
    ['without the marked lines', 'strict'],
  ])(
    '%s refuses each user all that is not its own, and a client without a user everything',
    async (_, form) => {
      await using server = await ConfiguredNats.start(configuration(form), program);
      const servers = `localhost:${server.port}`;
      await using connections = new AsyncDisposableStack();
      for (const user of ALL) {
        const connection = await connect({ servers, user, pass: 'p', inboxPrefix: inboxPrefix(user) });
        connections.defer(() => connection.close());
        const publish = (subject: string) => connection.publish(subject);
        const subscribe = (subject: string) =>
          void connection.subscribe(subject, { callback: () => undefined });
        const published = await refused(connection, publish, Object.keys(PUBLISH));
        const subscribed = await refused(connection, subscribe, Object.keys(SUBSCRIBE));
        expect({ user, published, subscribed }).toEqual({
          user,
          published: forbidden(PUBLISH, user, form),
          subscribed: forbidden(SUBSCRIBE, user, form),
        });
      }
      await expect(connect({ servers, reconnect: false })).rejects.toThrow('Authorization Violation');
    },
  );
});
