import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { eventually } from '@orders/resilience/testing/eventually';
import { someIdentity } from '@orders/service/testing';
import { ConfiguredNats } from '../testing/configured-nats.js';
import { someEvent } from '../testing/fixtures.js';
import { readUntilStopped } from '../testing/jetstream-bus.js';
import { TlsWorld, userOf } from '../testing/tls-world.js';
import { JetStreamPublisher } from './jetstream-publisher.js';
import { JetStreamSource } from './jetstream-source.js';

/** The server's alert may arrive or not. */
const OWN_EXPIRED = /^NATS (does not answer after|refuses) .*the certificate of orders, which expired at 20/;
const NO_USER = /^NATS refuses the certificate of (nobody|orders): Authorization Violation/;

let world: TlsWorld;
beforeAll(async () => {
  world = await TlsWorld.start();
});
afterEach(() => world.closeLinks());
afterAll(() => world[Symbol.asyncDispose]());

describe('a NATS server that is restarted', () => {
  it('with TLS, after a connection in plaintext, is met again by who publishes and by who reads', async () => {
    await using server = await ConfiguredNats.start({});
    const { link, logger } = world.openLink(
      `nats://localhost:${server.port}`,
      await someIdentity('orders', world.ca),
    );
    const stream = { name: 'T', subjects: ['t.>'] };
    const publisher = new JetStreamPublisher(link, stream);
    const reading = readUntilStopped(
      new JetStreamSource({ link, stream, durable: 'reader', subjects: ['t.>'], logger }),
    );
    await publisher.publish({ ...someEvent(), subject: 't.made' });
    await eventually('the first event', () => reading.ids.length === 1);
    await server.restart({ tls: { ...(await world.serverTls(['localhost'])), verify: true } });
    const event = { ...someEvent(), subject: 't.made' };
    const isPublished = () => publisher.publish(event).then(Boolean, () => false);
    await eventually('the publish', isPublished, 10_000);
    await eventually('the event', () => reading.ids.includes(event.id), 10_000);
    await reading.stop();
  });

  it('without TLS, after a connection with it, is refused until it has it again, and named once', async () => {
    const withTls = { tls: await world.serverTls(['localhost']) };
    await using server = await ConfiguredNats.start(withTls);
    const { link, logger } = world.openLink(
      `nats://localhost:${server.port}`,
      await someIdentity('orders', world.ca),
    );
    await link.connection();
    await server.restart({});
    const refusal = new RegExp(`^NATS at localhost:${server.port} has no TLS any more`);
    await eventually('the reason', () => refusal.test(link.problem ?? ''), 10_000);
    expect(logger.lines.filter(({ level }) => level === 'error')).toHaveLength(1);
    await (await link.connection()).close();
    await expect(link.connection(1_500)).rejects.toThrow(refusal);
    await server.restart(withTls);
    await expect(link.connection(10_000)).resolves.toBeDefined();
  });
});

describe('a certificate that expires and has no successor', () => {
  it('ends the connection, whichever end it is of, and the reason is told', async () => {
    const soon = { notAfter: new Date(Date.now() + 3_000) };
    await using server = await ConfiguredNats.start({ tls: await world.serverTls(['localhost'], soon) });
    const links = [
      world.openLink(`tls://localhost:${world.mutual.port}`, await world.trusting('orders', world.ca, soon))
        .link,
      world.openLink(`tls://localhost:${server.port}`, await someIdentity('orders', world.ca)).link,
    ];
    for (const link of links) await link.connection();
    await eventually('both reasons', () => links.every(({ problem }) => problem), 15_000);
    expect(links.map(({ problem }) => problem)).toEqual([
      expect.stringMatching(OWN_EXPIRED),
      expect.stringMatching(/^no TLS with NATS: .*CERT_HAS_EXPIRED/),
    ]);
  });
});

describe('a rotation of certificates', () => {
  it('while the library has closed the connection fails nothing, and the next connection has the new one', async () => {
    const identity = await world.trusting('orders', world.ca);
    const { link } = world.openLink(`tls://localhost:${world.mutual.port}`, identity);
    await (await link.connection()).close();
    const unhandled: unknown[] = [];
    const note = (reason: unknown) => void unhandled.push(reason);
    process.on('unhandledRejection', note);
    identity.replace((await world.trusting('orders-2', world.ca)).current);
    await new Promise((resolve) => setImmediate(resolve));
    process.off('unhandledRejection', note);
    expect(unhandled).toEqual([]);
    // A request on a connection that the rotation has just ended times out.
    const isNew = () =>
      userOf(link).then(
        (user) => user === 'orders-2',
        () => false,
      );
    await eventually('the new user', isNew);
  });

  it('reconnects at once with the new one, and loses no publish that is repeated', async () => {
    const identity = await world.trusting('orders', world.ca);
    const { link } = world.openLink(`tls://localhost:${world.mutual.port}`, identity);
    const publisher = new JetStreamPublisher(link, { name: 'T', subjects: ['t.>'] });
    const sequences = new Set<number>();
    for (let index = 0; index < 200; index += 1) {
      const event = { ...someEvent(), subject: 't.made' };
      if (index === 100) identity.replace((await world.trusting('orders-2', world.otherCa)).current);
      // As the relay does, which repeats the same event.
      await eventually('it is published', async () => {
        const receipt = await publisher.publish(event).catch(() => undefined);
        if (receipt) sequences.add(receipt.sequence);
        return receipt !== undefined;
      });
    }
    expect(await userOf(link)).toBe('orders-2');
    expect(sequences.size).toBe(200);
    expect((await publisher.state()).lastSequence).toBe(200);
  });

  it('to one that the server refuses is told, and ends when it takes it', async () => {
    const identity = await world.trusting('orders', world.ca);
    const { link } = world.openLink(`tls://localhost:${world.mutual.port}`, identity);
    await link.connection();
    identity.replace((await world.trusting('nobody', world.ca)).current);
    await eventually('the reason', () => link.problem !== undefined, 10_000);
    expect(link.problemOnceConnected()).toMatch(NO_USER);
    identity.replace((await world.trusting('orders', world.ca)).current);
    await eventually('the connection', () => link.problem === undefined, 10_000);
  });
});
