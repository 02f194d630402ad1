import 'reflect-metadata';

import { connect } from 'node:net';

import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';

import { GOOD_ORDER, startGateway, type GatewayUnderTest } from './testing/gateway-under-test.js';

let gateway: GatewayUnderTest;
let authorization: string;
beforeAll(async () => {
  gateway = await startGateway();
  authorization = `Bearer ${await gateway.issuer.token('alice', 'orders:read orders:write')}`;
});
afterAll(() => gateway.stop());
afterEach(() => expect(gateway.orders.orders.size).toBe(0));

interface Problem {
  status: number;
  detail: string;
  errors?: { pointer: string; detail: string }[];
  errorsOmitted?: number;
}

async function refusal(response: Response): Promise<Problem> {
  expect(response.headers.get('content-type')).toBe('application/problem+json');
  expect(response.headers.get('x-request-id')).toMatch(/.+/);
  const problem = (await response.json()) as Problem;
  expect(problem).toMatchObject({
    type: expect.stringMatching(/^urn:problem:orders:[a-z-]+$/),
    title: expect.any(String),
    status: response.status,
    requestId: response.headers.get('x-request-id'),
  });
  expect(JSON.stringify(problem)).not.toMatch(/node_modules|\.ts:|\.js:| at /);
  return problem;
}

const item = (change: object) => ({ items: [{ sku: 'A', quantity: 1, priceCents: 1, ...change }] });
const post = (body: unknown, headers: Record<string, string> = {}) =>
  gateway.request('/orders', { body, headers });

describe('a body that does not match the schema is 422 and names the field', () => {
  it.each<[string, unknown, string]>([
    ['no items', { items: [] }, '/items'],
    ['items missing', {}, '/items'],
    ['no object', [], ''],
    ['a text', '"items"', ''],
    ['null', 'null', ''],
    ['a number', '5', ''],
    ['nothing at all', '', ''],
    ['101 items', { items: Array.from({ length: 101 }, () => GOOD_ORDER.items[0]) }, '/items'],
    ['quantity 0', item({ quantity: 0 }), '/items/0/quantity'],
    ['quantity 1,001', item({ quantity: 1_001 }), '/items/0/quantity'],
    ['quantity 1.5', item({ quantity: 1.5 }), '/items/0/quantity'],
    ['quantity as text', item({ quantity: '1' }), '/items/0/quantity'],
    ['quantity true', item({ quantity: true }), '/items/0/quantity'],
    ['a negative price', item({ priceCents: -1 }), '/items/0/priceCents'],
    [
      'an unsafe price',
      '{"items":[{"sku":"A","quantity":1,"priceCents":9007199254740992}]}',
      '/items/0/priceCents',
    ],
    [
      'a price that would be rounded',
      '{"items":[{"sku":"A","quantity":1,"priceCents":9007199254740993}]}',
      '/items/0/priceCents',
    ],
    [
      'a price of 1.00000000000000001',
      '{"items":[{"sku":"A","quantity":1,"priceCents":1.00000000000000001}]}',
      '/items/0/priceCents',
    ],
    ['a price of 1e400', '{"items":[{"sku":"A","quantity":1,"priceCents":1e400}]}', '/items/0/priceCents'],
    ['a total beyond 2^53-1', item({ quantity: 2, priceCents: Number.MAX_SAFE_INTEGER }), '/items'],
    ['an unknown field', { ...GOOD_ORDER, status: 'PAID' }, '/status'],
    ['an unknown field of an item', item({ 'a/b~c': 1 }), '/items/0/a~1b~0c'],
    ['no sku', item({ sku: '' }), '/items/0/sku'],
    ['a sku of 65 characters', item({ sku: 'x'.repeat(65) }), '/items/0/sku'],
    ['NUL in a sku', item({ sku: 'a\u0000' }), '/items/0/sku'],
    ['a lone surrogate', '{"items":[{"sku":"\\ud800","quantity":1,"priceCents":1}]}', '/items/0/sku'],
    ['an empty customer', { ...GOOD_ORDER, customerId: '' }, '/customerId'],
  ])('%s', async (_, body, pointer) => {
    const problem = await refusal(await post(body));
    expect(problem.status).toBe(422);
    expect(problem.errors?.map((error) => error.pointer)).toContain(pointer);
  });

  it('lists every place, twenty at most, and counts the others', async () => {
    const body = Object.fromEntries(Array.from({ length: 500 }, (_, i) => [`field${i}`, i]));
    const problem = await refusal(await post(body));
    expect(problem.errors?.length).toBe(20);
    // Of the 500 fields and the missing items.
    expect(problem.errorsOmitted).toBe(481);
  });
});

describe('a body that cannot be parsed is 400', () => {
  it.each<[string, string | Uint8Array]>([
    ['cut off', '{"items":['],
    ['a trailing comma', '{"items":[],}'],
    ['NaN', '{"items":NaN}'],
    ['single quotes', "{'items':[]}"],
    ['a comment', '{/* */"items":[]}'],
    ['a byte order mark', Buffer.from('\ufeff{}')],
    ['bytes that are not UTF-8', Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d])],
    ['a key twice', '{"items":[{"sku":"A","quantity":1,"quantity":9,"priceCents":1}]}'],
    ['__proto__', '{"items":[],"__proto__":{"admin":true}}'],
    ['10,000 levels', `${'['.repeat(10_000)}${']'.repeat(10_000)}`],
  ])('%s', async (_, body) => {
    expect((await refusal(await post(body))).status).toBe(400);
  });
});

describe('a media type other than JSON in UTF-8 is 415', () => {
  it.each([
    [{ 'content-type': 'text/plain' }],
    [{ 'content-type': 'application/x-www-form-urlencoded' }],
    [{ 'content-type': 'application/vnd.api+json' }],
    [{ 'content-type': 'application/json; charset=utf-16' }],
    [{ 'content-encoding': 'gzip' }],
  ])('%j', async (headers) => {
    expect((await refusal(await post(GOOD_ORDER, headers as Record<string, string>))).status).toBe(415);
  });

  it('of any case and with parameters is validated like JSON', async () => {
    for (const type of ['APPLICATION/JSON', 'application/json;\t charset="UTF-8"']) {
      expect((await refusal(await post({ items: [] }, { 'content-type': type }))).status).toBe(422);
    }
  });
});

describe('a request beyond its bounds', () => {
  it('of 65 KiB is 413', async () => {
    expect((await refusal(await post(JSON.stringify(GOOD_ORDER) + ' '.repeat(65 * 1_024)))).status).toBe(413);
  });

  it.each([
    ['GET', '/orders?limit=0', 400],
    ['GET', '/orders?limit=101', 400],
    ['GET', '/orders?limit=1e1', 400],
    ['GET', '/orders?limit=5&limit=6', 400],
    ['GET', '/orders?page=2', 400],
    ['GET', '/orders?cursor=%00', 400],
    ['GET', '/orders/abc', 404],
    ['GET', '/orders/00000000-0000-0000-0000-000000000000', 404],
    ['GET', '/orders/%zz', 400],
    ['GET', '/orders/%00', 404],
    ['GET', `/orders/${'x'.repeat(5_000)}`, 404],
    ['GET', '/../etc/passwd', 404],
    ['POST', '/orders/abc/cancel', 404],
    ['DELETE', '/orders', 405],
    ['PUT', '/orders/abc', 405],
    ['OPTIONS', '/orders', 405],
  ])('%s %s is %i', async (method, path, status) => {
    const answer = await gateway.request(path, { method });
    expect((await refusal(answer)).status).toBe(status);
    if (status === 405) expect(answer.headers.get('allow')).toMatch(/GET|POST/);
  });

  it('names the query parameter that is wrong', async () => {
    const problem = await refusal(await gateway.request('/orders?limit=101&page=2'));
    expect(problem.errors?.map((error) => error.pointer)).toEqual(['limit', 'page']);
  });

  it.each(['', ' ', 'a b', 'ü', 'x'.repeat(256), '"a b"'])('with the key %j is 400', async (key) => {
    const value = Buffer.from(key).toString('latin1');
    const problem = await refusal(await post(GOOD_ORDER, { 'idempotency-key': value }));
    expect(problem).toMatchObject({ status: 400, errors: [{ pointer: 'idempotency-key' }] });
  });

  it.each(['1', '"1', '"1" "2"', '*, "1"', 'w/"1"'])('with If-Match %s is 400', async (value) => {
    const path = '/orders/0199a1b2-c3d4-7e5f-8a9b-0c1d2e3f4a5b/cancel';
    const answer = await gateway.request(path, { method: 'POST', headers: { 'if-match': value } });
    expect((await refusal(answer)).status).toBe(400);
  });
});

/** Sends bytes unchanged and resolves with all bytes of the answer. */
function raw(bytes: string): Promise<string> {
  return new Promise((resolve, reject) => {
    let answer = '';
    const socket = connect({ port: gateway.port, host: '127.0.0.1' });
    socket
      .on('data', (chunk) => (answer += chunk.toString()))
      .on('error', reject)
      .once('close', () => resolve(answer));
    socket.write(bytes);
  });
}

describe('bytes that are not valid HTTP', () => {
  const body = JSON.stringify(GOOD_ORDER);
  const head = () =>
    `POST /orders HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Type: application/json\r\nAuthorization: ${authorization}`;

  it.each<[string, () => string, number]>([
    [
      'two lengths',
      () => `${head()}\r\nContent-Length: 3\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
      400,
    ],
    [
      'a length and chunks',
      () => `${head()}\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
      400,
    ],
    ['a space before a colon', () => `${head()}\r\nX-A : 1\r\n\r\n`, 400],
    ['no host', () => 'GET /healthz HTTP/1.1\r\nConnection: close\r\n\r\n', 400],
    ['two hosts', () => `${head()}\r\nHost: y\r\nContent-Length: ${body.length}\r\n\r\n${body}`, 400],
    [
      'two tokens',
      () => `${head()}\r\nAuthorization: Bearer x\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
      400,
    ],
    [
      'two keys',
      () =>
        `${head()}\r\nIdempotency-Key: a\r\nIdempotency-Key: b\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
      400,
    ],
    ['headers of 17 KiB', () => `${head()}\r\nX-A: ${'a'.repeat(17_000)}\r\n\r\n`, 431],
    ['random bytes', () => '\u0016\u0003\u0001\u0002\u0000\r\n\r\n', 400],
  ])('%s', async (_what, bytes, status) => {
    const answer = await raw(bytes());
    expect(answer).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
    expect(answer).toMatch(/content-type: application\/problem\+json/i);
  });
});

it('a connection that sends more than its 1,000 requests is closed', async () => {
  const ping = 'GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n';
  const socket = connect({ port: gateway.port, host: '127.0.0.1' });
  const ended = new Promise((resolve) => socket.on('error', () => undefined).once('close', resolve));
  let answers = '';
  const answered = new Promise<void>((resolve) => {
    socket.on('data', (chunk) => {
      answers += chunk.toString();
      if (answers.split('HTTP/1.1 200').length > 1_000) resolve();
    });
  });
  socket.write(ping.repeat(1_000));
  await answered;
  for (let n = 0; n < 10; n += 1) socket.write(ping.repeat(100));
  await ended;
  expect(answers.split('HTTP/1.1 503').length - 1).toBeLessThan(1_000);
});
