import 'reflect-metadata';
import { afterEach, beforeAll, beforeEach, expect, it } from '@jest/globals';
import type { TlsIdentity } from '@orders/service';
import { CertificateAuthority, someIdentity, someMaterial } from '@orders/service/testing';
import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { connect, type TLSSocket } from 'node:tls';
import { eventually } from '@orders/resilience/testing/eventually';
import { CallingApp, ServedRpcs } from '../testing/grpc-world.js';
import { SERVER_CHANNEL_OPTIONS } from '../serve-grpc.js';

const CALLERS = { 'orders.v1.Orders': ['gateway'] };
/** How many calls are under way while certificates rotate. */
const CALLS_AT_A_TIME = 8;

// A second is enough here: certificates in use change when connections do.
SERVER_CHANNEL_OPTIONS['grpc.max_connection_age_ms'] = 1_000;

let oldCa: CertificateAuthority;
let newCa: CertificateAuthority;
let orders: TlsIdentity;
let gateway: TlsIdentity;

beforeAll(async () => {
  oldCa = await CertificateAuthority.create('ca');
  newCa = await CertificateAuthority.create('ca');
});
let loaded: AbortController;
beforeEach(() => void (loaded = new AbortController()));
/** A failed test ends its load too. */
afterEach(() => loaded.abort());
beforeEach(async () => {
  orders = await someIdentity('orders', oldCa);
  gateway = await someIdentity('gateway', oldCa);
});

function serialOf({ current }: TlsIdentity): string {
  return new X509Certificate(current.cert).serialNumber;
}

/** Calls until a connection uses the certificates of the moment at both ends. @throws when a call fails */
async function callUntilRenewed(app: CallingApp): Promise<void> {
  await eventually('both ends use their new certificates', async () => {
    const { server, client } = await app.certificates();
    return server === serialOf(orders) && client === serialOf(gateway);
  });
}

it('certificates and CAs rotate under load, and no call fails', async () => {
  await using server = await ServedRpcs.start(orders, CALLERS);
  using app = new CallingApp(server.port, gateway);
  const codes = new Map<string, number>();
  const load = async () => {
    while (!loaded.signal.aborted) {
      const { code } = await app.call();
      codes.set(code, (codes.get(code) ?? 0) + 1);
    }
  };
  const loads = Array.from({ length: CALLS_AT_A_TIME }, load);
  const both = oldCa.cert + newCa.cert;
  const freshOrders = await someMaterial('orders', newCa);
  const freshGateway = await someMaterial('gateway', newCa);

  for (const identity of [orders, gateway]) identity.replace({ ...identity.current, ca: both });
  orders.replace({ ...freshOrders, ca: both });
  await callUntilRenewed(app);
  gateway.replace({ ...freshGateway, ca: both });
  await callUntilRenewed(app);
  for (const identity of [orders, gateway]) identity.replace({ ...identity.current, ca: newCa.cert });
  orders.replace(await someMaterial('orders', newCa));
  gateway.replace(await someMaterial('gateway', newCa));
  await callUntilRenewed(app);

  loaded.abort();
  await Promise.all(loads);
  expect([...codes.keys()]).toEqual(['OK']);
  expect([...server.log.reasons, ...app.log.reasons]).toEqual([]);
});

it('a client of a CA that was removed is refused', async () => {
  await using server = await ServedRpcs.start(orders, CALLERS);
  using before = new CallingApp(server.port, gateway);
  expect(await before.call()).toEqual({ code: 'OK' });
  orders.replace({ ...orders.current, ca: newCa.cert });
  using after = new CallingApp(server.port, await someIdentity('gateway', oldCa));
  expect(await after.call()).toMatchObject({ code: 'UNAVAILABLE' });
  expect(server.log.reasons).toEqual(['SELF_SIGNED_CERT_IN_CHAIN']);
});

it('a session from before is not resumed: its certificate would not be checked again', async () => {
  await using server = await ServedRpcs.start(orders, CALLERS);
  const { cert, key, ca } = gateway.current;
  const open = (session?: Buffer): TLSSocket =>
    connect({
      ...{ port: server.port, host: '127.0.0.1', servername: 'orders', ALPNProtocols: ['h2'], cert, key, ca },
      ...(session && { session }),
    });
  const first = open();
  let session: Buffer | undefined;
  first.on('session', (issued: Buffer) => (session = issued));
  // The SETTINGS of the server come after all of its sessions.
  await once(first, 'data');
  first.destroy();
  const second = open(session);
  await once(second, 'data');
  expect(second.isSessionReused()).toBe(false);
  second.destroy();
});
