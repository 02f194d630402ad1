import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import type { TlsIdentity } from '@orders/service';
import { someIdentity } from '@orders/service/testing';
import { ConfiguredNats } from '../testing/configured-nats.js';
import { reasonOf, TlsWorld, userOf } from '../testing/tls-world.js';

const DAY_MS = 86_400_000;
const EXPIRED = {
  notBefore: new Date(Date.now() - 2 * DAY_MS),
  notAfter: new Date(Date.now() - DAY_MS),
};
const UNKNOWN_CA = /^the CA of the certificate of NATS is not in NATS_CA_FILE or TLS_CA_FILE/;
const NO_ANSWER = /^NATS does not answer after the TLS handshake: does it take the certificate of orders\?/;
/** The server's alert may arrive or not. */
const OWN_EXPIRED = /^NATS (does not answer after|refuses) .*the certificate of orders, which expired at 20/;
const NO_USER = /^NATS refuses the certificate of (nobody|orders): Authorization Violation/;

let world: TlsWorld;
beforeAll(async () => {
  world = await TlsWorld.start();
});
afterEach(() => world.closeLinks());
afterAll(() => world[Symbol.asyncDispose]());

describe('a NATS server with TLS', () => {
  it.each(['tls', 'nats'])('knows the user by its certificate, with a URL of %s://', async (scheme) => {
    const { link } = world.openLink(
      `${scheme}://localhost:${world.mutual.port}`,
      await someIdentity('orders', world.ca),
    );
    expect(await userOf(link)).toBe('orders');
  });

  it('is known by the CA of NATS_CA_FILE', async () => {
    await using server = await ConfiguredNats.start({ tls: await world.serverTls(['localhost']) });
    const env = { NATS_CA_FILE: world.write('nats-ca.pem', world.ca.cert) };
    const { link } = world.openLink(`nats://localhost:${server.port}`, undefined, env);
    await expect(link.connection()).resolves.toBeDefined();
  });

  it.each<[string, () => Promise<TlsIdentity>, RegExp]>([
    ['a client that does not know its CA', () => someIdentity('orders', world.otherCa), UNKNOWN_CA],
    ['a certificate of a stranger', () => world.trusting('orders', world.stranger), NO_ANSWER],
    ['an expired certificate', () => world.trusting('orders', world.ca, EXPIRED), OWN_EXPIRED],
    ['a certificate of nobody who is a user', () => world.trusting('nobody', world.ca), NO_USER],
  ])('and %s do not come together, and the reason is told once', async (_who, identity, reason) => {
    const { link, logger } = world.openLink(`tls://localhost:${world.mutual.port}`, await identity());
    expect(await reasonOf(link)).toMatch(reason);
    expect(logger.lines.filter(({ level }) => level === 'error')).toHaveLength(1);
  });

  it('and a client without a certificate do not come together', async () => {
    const env = { NATS_CA_FILE: world.write('no-client.pem', world.ca.cert) };
    const { link } = world.openLink(`tls://localhost:${world.mutual.port}`, undefined, env);
    expect(await reasonOf(link)).toMatch(/TLS handshake: .* neither user nor certificate/);
  });

  it('is refused under an IP address that its certificate does not have, although it has localhost', async () => {
    const { link } = world.openLink(
      `tls://127.0.0.1:${world.mutual.port}`,
      await someIdentity('orders', world.ca),
    );
    expect(await reasonOf(link)).toMatch(/^no TLS with NATS: .*127\.0\.0\.1/);
  });

  it('is taken under an IP address that its certificate has', async () => {
    await using server = await ConfiguredNats.start({ tls: await world.serverTls(['nats', '127.0.0.1']) });
    const { link } = world.openLink(`tls://127.0.0.1:${server.port}`, await someIdentity('orders', world.ca));
    await expect(link.connection()).resolves.toBeDefined();
  });

  it('is refused when its certificate is for another host', async () => {
    await using server = await ConfiguredNats.start({ tls: await world.serverTls(['elsewhere']) });
    const { link } = world.openLink(`tls://localhost:${server.port}`, await someIdentity('orders', world.ca));
    expect(await reasonOf(link)).toMatch(/^no TLS with NATS: .*localhost/);
  });
});

describe('a NATS server without TLS', () => {
  it('is refused when NATS_URL is tls://, also without a certificate of the app', async () => {
    const { link } = world.openLink(`tls://localhost:${world.plain.port}`);
    expect(await reasonOf(link)).toMatch(/^NATS has no TLS, which tls:\/\/ .* demands$/);
  });

  it('is refused when NATS_CA_FILE is set', async () => {
    const env = { NATS_CA_FILE: world.write('demanding.pem', world.ca.cert) };
    const { link } = world.openLink(`nats://localhost:${world.plain.port}`, undefined, env);
    expect(await reasonOf(link)).toMatch(/^NATS has no TLS/);
  });

  it('is taken with nats://, although the app has a certificate for others, and named in one warning', async () => {
    const { link, logger } = world.openLink(
      `nats://localhost:${world.plain.port}`,
      await someIdentity('orders', world.ca),
    );
    await expect(link.connection()).resolves.toBeDefined();
    const warnings = logger.lines.filter(({ level }) => level === 'warn').map(({ message }) => message);
    expect(warnings).toEqual([expect.stringContaining(`NATS at localhost:${world.plain.port} has no TLS`)]);
  });
});
