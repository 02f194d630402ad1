import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { eventually } from '@orders/postgres/testing';
import { readConfig, TlsIdentity } from '@orders/service';
import {
  CertificateAuthority,
  type CertificateOptions,
  someIdentity,
  someMaterial,
} from '@orders/service/testing';
import { randomUUID } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { ConfiguredNats } from '../testing/configured-nats.js';
import { recordingLog, someEvent } from '../testing/fixtures.js';
import { readUntilStopped } from '../testing/jetstream-bus.js';
import { JetStreamPublisher } from './jetstream-publisher.js';
import { JetStreamSource } from './jetstream-source.js';
import { natsConfig } from './nats-config.js';
import { NatsLink } from './nats-link.js';

const DAY_MS = 86_400_000;
const EXPIRED = {
  notBefore: new Date(Date.now() - 2 * DAY_MS),
  notAfter: new Date(Date.now() - DAY_MS),
};
const UNKNOWN_CA = /^the CA of the certificate of NATS is not in NATS_CA_FILE or TLS_CA_FILE/;
/** The server's alert may arrive or not. */
const OWN_EXPIRED = /^NATS (does not answer after|refuses) .*the certificate of orders, which expired at 20/;
const NO_ANSWER = /^NATS does not answer after the TLS handshake: does it take the certificate of orders\?/;
const NO_USER = /^NATS refuses the certificate of (nobody|orders): Authorization Violation/;
const schema = z.object(natsConfig);

/** That of the servers, one whose certificates they take too, and one whose certificates they do not take. */
let ca: CertificateAuthority;
let otherCa: CertificateAuthority;
let stranger: CertificateAuthority;
/** Demands a certificate, whose DNS name is the user. */
let mutual: ConfiguredNats;
let plain: ConfiguredNats;
beforeAll(async () => {
  [ca, otherCa, stranger] = (await Promise.all(
    (['a', 'b', 'c'] as const).map((name) => CertificateAuthority.create(name)),
  )) as [CertificateAuthority, CertificateAuthority, CertificateAuthority];
  plain = await ConfiguredNats.start({});
  mutual = await ConfiguredNats.start({
    authorization: { users: [{ user: 'orders' }, { user: 'orders-2' }] },
    tls: { ...(await serverTls(['nats', 'localhost'])), verify_and_map: true },
  });
});
afterAll(async () => {
  await mutual[Symbol.asyncDispose]();
  await plain[Symbol.asyncDispose]();
});

const opened: NatsLink[] = [];
afterEach(async () => {
  for (const link of opened.splice(0)) await link.close();
});

/** TLS of a server, with a certificate for these names. */
async function serverTls(
  names: [string, ...string[]],
  options?: CertificateOptions,
): Promise<Record<string, unknown>> {
  const { cert, key } = await ca.issue(names, options);
  const file = (text: string) => write(`${randomUUID()}.pem`, text);
  return { cert_file: file(cert), key_file: file(key), ca_file: file(ca.cert + otherCa.cert), timeout: 5 };
}

function write(name: string, text: string): string {
  const path = join(plain.folder, name);
  writeFileSync(path, text);
  return path;
}

function openLink(url: string, tls?: TlsIdentity, env: Record<string, string> = {}) {
  const logger = recordingLog();
  const config = readConfig(schema, { NATS_URL: url, ...env });
  const link = new NatsLink({ config, tls, name: 'orders', logger });
  opened.push(link);
  return { link, logger };
}

/** A certificate of an issuer, whose owner trusts the servers. */
async function trusting(
  name: string,
  issuer: CertificateAuthority,
  options?: CertificateOptions,
): Promise<TlsIdentity> {
  return new TlsIdentity(name, { ...(await someMaterial(name, issuer, options)), ca: ca.cert });
}

/** Why a link does not get its connection. */
async function reasonOf(link: NatsLink): Promise<string | undefined> {
  void link.connection().catch(() => undefined);
  await eventually('the reason', () => link.problem !== undefined, 10_000);
  return link.problem;
}

async function userOf(link: NatsLink): Promise<string> {
  const answer = await (await link.connection()).request('$SYS.REQ.USER.INFO');
  return answer.json<{ data: { user: string } }>().data.user;
}

describe('a NATS server with TLS', () => {
  it.each(['tls', 'nats'])('knows the user by its certificate, with a URL of %s://', async (scheme) => {
    const { link } = openLink(`${scheme}://localhost:${mutual.port}`, await someIdentity('orders', ca));
    expect(await userOf(link)).toBe('orders');
  });

  it('is known by the CA of NATS_CA_FILE', async () => {
    await using server = await ConfiguredNats.start({ tls: await serverTls(['localhost']) });
    const env = { NATS_CA_FILE: write('nats-ca.pem', ca.cert) };
    const { link } = openLink(`nats://localhost:${server.port}`, undefined, env);
    await expect(link.connection()).resolves.toBeDefined();
  });

  it.each<[string, () => Promise<TlsIdentity>, RegExp]>([
    ['a client that does not know its CA', () => someIdentity('orders', otherCa), UNKNOWN_CA],
    ['a certificate of a stranger', () => trusting('orders', stranger), NO_ANSWER],
    ['an expired certificate', () => trusting('orders', ca, EXPIRED), OWN_EXPIRED],
    ['a certificate of nobody who is a user', () => trusting('nobody', ca), NO_USER],
  ])('and %s do not come together, and the reason is told once', async (_who, identity, reason) => {
    const { link, logger } = openLink(`tls://localhost:${mutual.port}`, await identity());
    expect(await reasonOf(link)).toMatch(reason);
    expect(logger.lines.filter(({ level }) => level === 'error')).toHaveLength(1);
  });

  it('and a client without a certificate do not come together', async () => {
    const env = { NATS_CA_FILE: write('no-client.pem', ca.cert) };
    const { link } = openLink(`tls://localhost:${mutual.port}`, undefined, env);
    expect(await reasonOf(link)).toMatch(/TLS handshake: .* neither user nor certificate/);
  });

  it('is refused under an IP address that its certificate does not have, although it has localhost', async () => {
    const { link } = openLink(`tls://127.0.0.1:${mutual.port}`, await someIdentity('orders', ca));
    expect(await reasonOf(link)).toMatch(/^no TLS with NATS: .*127\.0\.0\.1/);
  });

  it('is taken under an IP address that its certificate has', async () => {
    await using server = await ConfiguredNats.start({ tls: await serverTls(['nats', '127.0.0.1']) });
    const { link } = openLink(`tls://127.0.0.1:${server.port}`, await someIdentity('orders', ca));
    await expect(link.connection()).resolves.toBeDefined();
  });

  it('is refused when its certificate is for another host', async () => {
    await using server = await ConfiguredNats.start({ tls: await serverTls(['elsewhere']) });
    const { link } = openLink(`tls://localhost:${server.port}`, await someIdentity('orders', ca));
    expect(await reasonOf(link)).toMatch(/^no TLS with NATS: .*localhost/);
  });
});

describe('a NATS server without TLS', () => {
  it('is refused when NATS_URL is tls://, also without a certificate of the app', async () => {
    const { link } = openLink(`tls://localhost:${plain.port}`);
    expect(await reasonOf(link)).toMatch(/^NATS has no TLS, which tls:\/\/ .* demands$/);
  });

  it('is refused when NATS_CA_FILE is set', async () => {
    const env = { NATS_CA_FILE: write('demanding.pem', ca.cert) };
    const { link } = openLink(`nats://localhost:${plain.port}`, undefined, env);
    expect(await reasonOf(link)).toMatch(/^NATS has no TLS/);
  });

  it('is taken with nats://, although the app has a certificate for others, and named in one warning', async () => {
    const { link, logger } = openLink(`nats://localhost:${plain.port}`, await someIdentity('orders', ca));
    await expect(link.connection()).resolves.toBeDefined();
    const warnings = logger.lines.filter(({ level }) => level === 'warn').map(({ message }) => message);
    expect(warnings).toEqual([expect.stringContaining(`NATS at localhost:${plain.port} has no TLS`)]);
  });
});

describe('a NATS server that is restarted', () => {
  it('with TLS, after a connection in plaintext, is met again by who publishes and by who reads', async () => {
    await using server = await ConfiguredNats.start({});
    const { link, logger } = openLink(`nats://localhost:${server.port}`, await someIdentity('orders', ca));
    const stream = { name: 'T', subjects: ['t.>'] };
    const publisher = new JetStreamPublisher(link, stream);
    const reading = readUntilStopped(
      new JetStreamSource({ link, stream, durable: 'reader', subjects: ['t.>'], logger }),
    );
    await publisher.publish({ ...someEvent(), subject: 't.made' });
    await eventually('the first event', () => reading.ids.length === 1);
    await server.restart({ tls: { ...(await serverTls(['localhost'])), verify: true } });
    const event = { ...someEvent(), subject: 't.made' };
    const isPublished = () => publisher.publish(event).then(Boolean, () => false);
    await eventually('the publish', isPublished, 10_000);
    await eventually('the event', () => reading.ids.includes(event.id), 10_000);
    await reading.stop();
  });

  it('without TLS, after a connection with it, is refused until it has it again, and named once', async () => {
    const withTls = { tls: await serverTls(['localhost']) };
    await using server = await ConfiguredNats.start(withTls);
    const { link, logger } = openLink(`nats://localhost:${server.port}`, await someIdentity('orders', ca));
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
    await using server = await ConfiguredNats.start({ tls: await serverTls(['localhost'], soon) });
    const links = [
      openLink(`tls://localhost:${mutual.port}`, await trusting('orders', ca, soon)).link,
      openLink(`tls://localhost:${server.port}`, await someIdentity('orders', ca)).link,
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
    const identity = await trusting('orders', ca);
    const { link } = openLink(`tls://localhost:${mutual.port}`, identity);
    await (await link.connection()).close();
    const unhandled: unknown[] = [];
    const note = (reason: unknown) => void unhandled.push(reason);
    process.on('unhandledRejection', note);
    identity.replace((await trusting('orders-2', ca)).current);
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
    const identity = await trusting('orders', ca);
    const { link } = openLink(`tls://localhost:${mutual.port}`, identity);
    const publisher = new JetStreamPublisher(link, { name: 'T', subjects: ['t.>'] });
    const sequences = new Set<number>();
    for (let index = 0; index < 200; index += 1) {
      const event = { ...someEvent(), subject: 't.made' };
      if (index === 100) identity.replace((await trusting('orders-2', otherCa)).current);
      // As the relay does, which repeats the same event.
      const publish = () => publisher.publish(event).catch(() => undefined);
      let receipt = await publish();
      while (!receipt) receipt = await publish();
      sequences.add(receipt.sequence);
    }
    expect(await userOf(link)).toBe('orders-2');
    expect(sequences.size).toBe(200);
    expect((await publisher.state()).lastSequence).toBe(200);
  });

  it('to one that the server refuses is told, and ends when it takes it', async () => {
    const identity = await trusting('orders', ca);
    const { link } = openLink(`tls://localhost:${mutual.port}`, identity);
    await link.connection();
    identity.replace((await trusting('nobody', ca)).current);
    await eventually('the reason', () => link.problem !== undefined, 10_000);
    expect(link.problemOnceConnected()).toMatch(NO_USER);
    identity.replace((await trusting('orders', ca)).current);
    await eventually('the connection', () => link.problem === undefined, 10_000);
  });
});
