import 'reflect-metadata';
import { credentials } from '@grpc/grpc-js';
import { beforeAll, describe, expect, it } from '@jest/globals';
import { CertificateAuthority, someIdentity } from '@orders/service/testing';
import type { TlsIdentity } from '@orders/service';
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { createSecureContext } from 'node:tls';
import { eventually } from '@orders/resilience/testing/eventually';
import { CallingApp, countRefusals, ServedRpcs } from '../testing/grpc-world.js';

const CALLERS = { 'orders.v1.Orders': ['gateway'] };
const EXPIRED = { notBefore: new Date('2020-01-01'), notAfter: new Date('2021-01-01') };
const NOT_YET = { notBefore: new Date('2090-01-01'), notAfter: new Date('2091-01-01') };

let ca: CertificateAuthority;
let strangeCa: CertificateAuthority;
let orders: TlsIdentity;
let gateway: TlsIdentity;

beforeAll(async () => {
  ca = await CertificateAuthority.create('ca');
  strangeCa = await CertificateAuthority.create('ca');
  orders = await someIdentity('orders', ca);
  gateway = await someIdentity('gateway', ca);
});

/** The identity of an app whose certificate is of a strange CA, though it trusts ours. */
async function stranger(name: string): Promise<TlsIdentity> {
  const identity = await someIdentity(name, strangeCa);
  identity.replace({ ...identity.current, ca: ca.cert });
  return identity;
}

it('an app calls another one, both by their certificates', async () => {
  await using server = await ServedRpcs.start(orders, CALLERS);
  using app = new CallingApp(server.port, gateway);
  expect(await app.call()).toEqual({ code: 'OK' });
  expect([...server.log.reasons, ...app.log.reasons]).toEqual([]);
});

describe('a connection is refused, with a log line at both ends and a metric', () => {
  interface Refused {
    /** Undefined: plaintext. */
    server?: () => Promise<TlsIdentity>;
    client?: () => Promise<TlsIdentity>;
    /** What the log lines give as reason. */
    atServer: string;
    atClient: string;
  }
  const ours = async () => orders;
  const its = async () => gateway;

  it.each<[string, Refused]>([
    [
      'the certificate of the client has expired',
      {
        server: ours,
        client: () => someIdentity('gateway', ca, EXPIRED),
        atServer: 'CERT_HAS_EXPIRED',
        atClient: 'NO_HTTP2',
      },
    ],
    [
      'the certificate of the client is not valid yet',
      {
        server: ours,
        client: () => someIdentity('gateway', ca, NOT_YET),
        atServer: 'CERT_NOT_YET_VALID',
        atClient: 'NO_HTTP2',
      },
    ],
    [
      'the certificate of the client is of a strange CA',
      {
        server: ours,
        client: () => stranger('gateway'),
        atServer: 'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
        atClient: 'NO_HTTP2',
      },
    ],
    [
      'the certificate of the server has expired',
      {
        server: () => someIdentity('orders', ca, EXPIRED),
        client: its,
        atServer: 'CLIENT_GONE',
        atClient: 'CERT_HAS_EXPIRED',
      },
    ],
    [
      'the certificate of the server is not valid yet',
      {
        server: () => someIdentity('orders', ca, NOT_YET),
        client: its,
        atServer: 'CLIENT_GONE',
        atClient: 'CERT_NOT_YET_VALID',
      },
    ],
    [
      'the certificate of the server is of a strange CA',
      {
        server: () => stranger('orders'),
        client: its,
        atServer: 'CLIENT_GONE',
        atClient: 'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
      },
    ],
    [
      'the certificate of the server has the name of another app',
      {
        server: () => someIdentity('billing', ca),
        client: its,
        atServer: 'CLIENT_GONE',
        atClient: 'ERR_TLS_CERT_ALTNAME_INVALID',
      },
    ],
    [
      'the client speaks plaintext',
      { server: ours, atServer: 'ERR_SSL_WRONG_VERSION_NUMBER', atClient: 'NO_HTTP2' },
    ],
    [
      'the server speaks plaintext',
      { client: its, atServer: 'NOT_HTTP2', atClient: 'ERR_SSL_WRONG_VERSION_NUMBER' },
    ],
  ])('when %s', async (_when, { server, client, atServer, atClient }) => {
    const before = await countRefusals(atServer);
    await using served = await ServedRpcs.start(await server?.(), CALLERS);
    using app = new CallingApp(served.port, await client?.());
    expect(await app.call()).toMatchObject({ code: 'UNAVAILABLE' });
    // The server's socket may end after the client's.
    await eventually('the server logs why', () => served.log.reasons.length > 0);
    expect({ server: served.log.reasons, client: app.log.reasons }).toEqual({
      server: [atServer],
      client: [atClient],
    });
    expect(await countRefusals(atServer)).toBeGreaterThan(before);
  });

  it('when the client has no certificate', async () => {
    await using server = await ServedRpcs.start(orders, CALLERS);
    const anyName = { checkServerIdentity: () => undefined };
    using app = new CallingApp(server.port, credentials.createSsl(Buffer.from(ca.cert), null, null, anyName));
    expect(await app.call()).toMatchObject({ code: 'UNAVAILABLE' });
    expect(server.log.reasons).toEqual(['ERR_SSL_PEER_DID_NOT_RETURN_A_CERTIFICATE']);
  });

  it('when the client speaks TLS 1.2', async () => {
    await using server = await ServedRpcs.start(orders, CALLERS);
    const { cert, key, ca: trusted } = gateway.current;
    const context = createSecureContext({ cert, key, ca: trusted, maxVersion: 'TLSv1.2' });
    using app = new CallingApp(server.port, credentials.createFromSecureContext(context));
    expect(await app.call()).toMatchObject({ code: 'UNAVAILABLE' });
    expect(server.log.reasons).toEqual(['ERR_SSL_UNSUPPORTED_PROTOCOL']);
  });

  it('but not when a load balancer tries whether the port is open', async () => {
    await using server = await ServedRpcs.start(orders, CALLERS);
    const probe = connect(server.port, '127.0.0.1').resume();
    await once(probe, 'connect');
    probe.end();
    await once(probe, 'close');
    using app = new CallingApp(server.port, gateway);
    expect(await app.call()).toEqual({ code: 'OK' });
    expect(server.log.reasons).toEqual([]);
  });
});

describe('a connection to a peer that', () => {
  /** A server that answers each connection as `answer` does, and resolves when a client has ended one. */
  async function strangeServer(answer: (socket: Socket) => void) {
    const ended = Promise.withResolvers<void>();
    const server = createServer((socket) => {
      socket.on('error', () => undefined).resume();
      socket.once('close', () => ended.resolve());
      answer(socket);
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    return {
      port: (server.address() as AddressInfo).port,
      ended: ended.promise,
      close: () => server.close(),
    };
  }

  it.each<[string, (socket: Socket) => void, string]>([
    ['sends nothing', () => undefined, 'NO_ANSWER'],
    [
      'stops in the middle of the handshake',
      (socket) => socket.write(Buffer.from([22, 3, 3, 0, 90, 2])),
      'NO_ANSWER',
    ],
    ['closes it', (socket) => socket.destroy(), 'ECONNRESET'],
  ])('%s is given up after 3 s at most, and logged', async (_what, answer, reason) => {
    const server = await strangeServer(answer);
    using app = new CallingApp(server.port, gateway);
    app.client.getChannel().getConnectivityState(true);
    await server.ended;
    await eventually('the client logs why', () => app.log.reasons.length > 0);
    expect(app.log.reasons[0]).toBe(reason);
    server.close();
  });

  it('sends nothing, in plaintext, is given up and logged too', async () => {
    const server = await strangeServer(() => undefined);
    using app = new CallingApp(server.port, undefined);
    app.client.getChannel().getConnectivityState(true);
    await server.ended;
    await eventually('the client logs why', () => app.log.reasons.length > 0);
    expect(app.log.reasons[0]).toBe('NO_ANSWER');
    server.close();
  });
});
