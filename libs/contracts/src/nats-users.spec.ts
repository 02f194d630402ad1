import { describe, expect, it } from '@jest/globals';
import { natsUsers, OPERATOR, PROVISIONER } from './nats-users.js';

const APPS = [
  { name: 'shop', publishes: ['orders.created', 'orders.canceled'], consumes: [] },
  { name: 'loyalty', publishes: [], consumes: ['orders.created', 'invoices.sent'] },
  { name: 'edge', publishes: [], consumes: [] },
];

const users = natsUsers(APPS);
const userOf = (name: string) => users.find((user) => user.name === name)!;

describe('the users of nats-server', () => {
  it('are the apps that publish or consume, the operator and the provisioner', () => {
    expect(users.map(({ name }) => name)).toEqual(['shop', 'loyalty', OPERATOR, PROVISIONER]);
  });

  it('of a producer publishes its types alone, and reads by sequence alone', () => {
    expect(userOf('shop')).toEqual({
      name: 'shop',
      publish: [
        'orders.created',
        'orders.canceled',
        '$JS.API.INFO',
        '$JS.API.STREAM.NAMES',
        '$JS.API.STREAM.INFO.ORDERS',
        '$JS.API.STREAM.MSG.GET.ORDERS',
      ],
      provision: ['$JS.API.STREAM.CREATE.ORDERS'],
      subscribe: ['_INBOX_shop.>'],
    });
  });

  it('of a consumer publishes no event, and reads through durables of its own', () => {
    const { publish, provision } = userOf('loyalty');
    const outside = [...publish, ...provision].filter((subject) => !/^\$JS\.(API|ACK)\./.test(subject));
    expect(outside).toEqual([]);
    const durables = [
      'ORDERS.loyalty',
      'ORDERS.loyalty-catch-up-orders-created',
      'ORDERS.loyalty-catch-up-orders-replay-loyalty-all',
      'INVOICES.loyalty',
      'INVOICES.loyalty-catch-up-invoices-sent',
      'INVOICES.loyalty-catch-up-invoices-replay-loyalty-all',
    ];
    const next = publish.filter((subject) => subject.includes('MSG.NEXT'));
    expect(next).toEqual(durables.map((durable) => `$JS.API.CONSUMER.MSG.NEXT.${durable}`));
    const deleted = provision.filter((subject) => subject.includes('DELETE'));
    expect(deleted).toEqual(durables.map((durable) => `$JS.API.CONSUMER.DELETE.${durable}`));
  });

  it('have inboxes of their own, and the operator, who may do all that it may, also that of the provisioner', () => {
    const inboxes = users.map(({ subscribe }) => subscribe);
    expect(inboxes).toEqual([
      ['_INBOX_shop.>'],
      ['_INBOX_loyalty.>'],
      ['_INBOX_operator.>', '_INBOX_provisioner.>'],
      ['_INBOX_provisioner.>'],
    ]);
  });

  it('the provisioner makes streams and durables, but deletes, reads and publishes nothing', () => {
    const { publish } = userOf(PROVISIONER);
    expect(publish).toContain('$JS.API.STREAM.CREATE.ORDERS');
    expect(publish).toContain('$JS.API.CONSUMER.CREATE.INVOICES.loyalty.>');
    const calls = publish.filter((subject) => /DELETE|PURGE|MSG|^(?!\$JS)/.test(subject));
    expect(calls).toEqual([]);
  });

  it('no right is for all of the JetStream API, or for all that is in a stream', () => {
    const rights = users.flatMap(({ publish, provision }) => [...publish, ...provision]);
    const wide = rights.filter((subject) => /^(\$JS\.API\.>|\$JS\.>|>|[^$.]+\.>)$/.test(subject));
    expect(wide).toEqual([]);
  });
});
