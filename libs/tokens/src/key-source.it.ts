import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fetchKeys } from './key-source.js';

const KEYS = { keys: [{ kty: 'RSA' }] };
const DISCOVERY = '/.well-known/openid-configuration';

let server: Server;
let url: string;
let paths: string[] = [];
let answers: Record<string, RequestListener> = {};
beforeAll(async () => {
  server = createServer((request, response) => {
    paths.push(request.url!);
    const answer = answers[request.url!] ?? (() => response.writeHead(404).end());
    answer(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterEach(() => {
  paths = [];
  answers = {};
});
afterAll(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

const send =
  (body: unknown, status = 200): RequestListener =>
  (_, response) =>
    void response.writeHead(status).end(typeof body === 'string' ? body : JSON.stringify(body));

const fetchFrom = (jwksUrl: string) => fetchKeys({ issuer: url, jwksUrl, allowHttp: false });
const discoverAt = (issuer: string, allowHttp = false) =>
  fetchKeys({ issuer, jwksUrl: undefined, allowHttp });

describe('the keys of an issuer whose key set', () => {
  const elsewhere: RequestListener = (_, response) =>
    void response.writeHead(302, { location: `${url}/other` }).end();
  const endless: RequestListener = (_, response) => {
    response.writeHead(200);
    const more = () => void (response.destroyed || response.write(' '.repeat(65_536), more));
    more();
  };

  it.each<[string, RequestListener, RegExp]>([
    ['is HTML', send('<html>'), /other than JSON/],
    ['is empty', send(''), /other than JSON/],
    ['is garbage', send('{"keys":[{"kty":'), /other than JSON/],
    ['is answered with 500', send(KEYS, 500), /answered 500/],
    ['is elsewhere', elsewhere, /fetch failed/],
    ['is longer than 256 KiB', send({ ...KEYS, padding: 'x'.repeat(262_144) }), /256 KiB/],
    ['never ends', endless, /256 KiB/],
  ])('%s are not fetched', async (_, answer, why) => {
    answers = { '/jwks': answer, '/other': send(KEYS) };
    await expect(fetchFrom(`${url}/jwks`)).rejects.toThrow(why);
    expect(paths).toEqual(['/jwks']);
  });
});

describe('the discovery document', () => {
  it('names the place of the keys, which is asked each time', async () => {
    for (const place of ['/a', '/b']) {
      answers = { [DISCOVERY]: send({ issuer: url, jwks_uri: `${url}${place}` }), [place]: send(KEYS) };
      expect(await discoverAt(url)).toEqual(KEYS);
    }
    expect(paths).toEqual([DISCOVERY, '/a', DISCOVERY, '/b']);
  });

  it('is not needed where the place is configured', async () => {
    answers = { '/jwks': send(KEYS) };
    expect(await fetchFrom(`${url}/jwks`)).toEqual(KEYS);
    expect(paths).toEqual(['/jwks']);
  });

  it.each(['', '/'])('is below the path of an issuer, %j at its end', async (slash) => {
    const issuer = `${url}/realms/shop${slash}`;
    answers = {
      [`/realms/shop${DISCOVERY}`]: send({ issuer, jwks_uri: `${url}/jwks` }),
      '/jwks': send(KEYS),
    };
    expect(await discoverAt(issuer)).toEqual(KEYS);
  });

  it.each<[string, (here: string) => unknown, RegExp]>([
    ['of another issuer', (here) => ({ issuer: `${here}/`, jwks_uri: `${here}/jwks` }), /not of the issuer/],
    ['without an issuer', (here) => ({ jwks_uri: `${here}/jwks` }), /not of the issuer/],
    ['without a place', (here) => ({ issuer: here }), /no jwks_uri that is safe/],
    [
      'with a place that is no URL',
      (here) => ({ issuer: here, jwks_uri: '/jwks' }),
      /no jwks_uri that is safe/,
    ],
    [
      'with a place without TLS',
      (here) => ({ issuer: here, jwks_uri: 'http://id.example/jwks' }),
      /no jwks_uri that is safe/,
    ],
    [
      'with a place that is a file',
      (here) => ({ issuer: here, jwks_uri: 'file:///etc/passwd' }),
      /no jwks_uri that is safe/,
    ],
    ['that is null', () => null, /not of the issuer/],
    ['that is HTML', () => '<html>', /other than JSON/],
  ])('%s is refused', async (_, document, why) => {
    answers = { [DISCOVERY]: send(document(url)), '/jwks': send(KEYS) };
    await expect(discoverAt(url)).rejects.toThrow(why);
    expect(paths).toEqual([DISCOVERY]);
  });
});

it('keys that are slow, their second half, and those of a slow document are given up after 2 s', async () => {
  answers = {
    '/mute': () => undefined,
    '/half': (_, response) => void response.writeHead(200).write('{"keys":['),
    [DISCOVERY]: send({ issuer: url, jwks_uri: `${url}/mute` }),
  };
  const all = [fetchFrom(`${url}/mute`), fetchFrom(`${url}/half`), discoverAt(url)];
  const reasons = (await Promise.allSettled(all)).map((result) => (result as PromiseRejectedResult).reason);
  expect(reasons.map(String)).toEqual(all.map(() => expect.stringContaining('timeout')));
});
