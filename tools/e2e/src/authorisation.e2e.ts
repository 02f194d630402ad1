import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import fc from 'fast-check';
import { freshSystem, type SystemUnderTest } from './client.ts';

const CUSTOMERS = ['alice', 'bob'] as const;
const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'];
type Name = (typeof CUSTOMERS)[number];

let sut: SystemUnderTest;
let tokens: Record<Name, string>;
/** Path and method of each operation of the API document that needs a token. */
let operations: { path: string; method: string }[];
/** Each path of the document with each method, whether it has it or not. */
let requests: { path: string; method: string }[];
beforeAll(async () => {
  sut = await freshSystem();
  tokens = { alice: await sut.system.token('alice'), bob: await sut.system.token('bob') };
  const document = (await (await fetch(`${sut.system.urls.api}/openapi.json`)).json()) as {
    paths: Record<string, Record<string, { security: unknown[] }>>;
  };
  const paths = Object.entries(document.paths);
  requests = paths.flatMap(([path]) => METHODS.map((method) => ({ path, method })));
  operations = paths.flatMap(([path, methods]) =>
    Object.entries(methods).flatMap(([method, { security }]) =>
      security.length > 0 ? [{ path, method: method.toUpperCase() }] : [],
    ),
  );
}, 120_000);
afterAll(() => sut.dispose(), 60_000);

interface Answer {
  status: number;
  headers: [string, string][];
  text: string;
}

/** Sends a request whose ids and trace are always the same, so that nothing else makes answers differ. */
async function send(
  token: string | undefined,
  { path, method }: { path: string; method: string },
  { body, headers }: { body?: string | undefined; headers?: Record<string, string> } = {},
): Promise<Answer> {
  const response = await fetch(`${sut.system.urls.api}${path}`, {
    method,
    headers: {
      'x-request-id': 'same',
      traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00',
      ...(token !== undefined && { authorization: `Bearer ${token}` }),
      ...(body !== undefined && { 'content-type': 'application/json' }),
      ...headers,
    },
    ...(body !== undefined && { body }),
  });
  // They tell the time and how many requests are left.
  const varying = ['date', 'ratelimit'];
  const shown = [...response.headers].filter(([name]) => !varying.includes(name));
  return { status: response.status, headers: shown, text: await response.text() };
}

const orderOf = (name: Name) =>
  JSON.stringify({ items: [{ sku: `of ${name}`, quantity: 1, priceCents: 1 }] });
const place = (name: Name, key = randomUUID()) =>
  send(
    tokens[name],
    { path: '/orders', method: 'POST' },
    {
      body: orderOf(name),
      headers: { 'idempotency-key': key },
    },
  );
const idIn = ({ text }: Answer) => (JSON.parse(text) as { id: string }).id;
const read = (name: Name, id: string) => send(tokens[name], { path: `/orders/${id}`, method: 'GET' });

describe("another customer's order", () => {
  it('is answered byte for byte as one that does not exist, on every route with every method', async () => {
    const id = idIn(await place('alice'));
    const before = await read('alice', id);
    const variants = [
      {},
      { headers: { 'if-match': '"1"' } },
      { headers: { 'if-match': '"7", W/"x"' } },
      { headers: { 'if-none-match': '*' } },
      { body: '{}' },
    ];
    for (const { path, method } of requests.filter((one) => one.path.includes('{id}'))) {
      const at = (which: string) => ({ path: path.replace('{id}', which), method });
      for (const variant of method === 'GET' || method === 'HEAD' ? variants.slice(0, -1) : variants) {
        const foreign = await send(tokens.bob, at(id), variant);
        expect(foreign).toEqual(await send(tokens.bob, at(randomUUID()), variant));
        if (foreign.status !== 405) expect(foreign).toEqual(await send(tokens.bob, at('x'), variant));
        expect([404, 405]).toContain(foreign.status);
      }
    }
    expect(await read('alice', id)).toEqual(before);
  });

  it('is on no page, also from its own cursor on', async () => {
    for (const _ of [1, 2, 3]) await place('alice');
    const page = await send(tokens.alice, { path: '/orders?limit=2', method: 'GET' });
    const { nextCursor } = JSON.parse(page.text) as { nextCursor: string };
    expect(nextCursor).toEqual(expect.any(String));
    for (const query of ['', `?cursor=${nextCursor}`, '?customerId=bob']) {
      expect((await send(tokens.bob, { path: `/orders${query}`, method: 'GET' })).text).not.toContain(
        'alice',
      );
    }
    const asked = await send(tokens.bob, { path: '/orders?customerId=alice', method: 'GET' });
    const nobodys = await send(tokens.bob, { path: '/orders?customerId=nobody', method: 'GET' });
    expect(asked).toEqual(nobodys);
    expect(asked.status).toBe(403);
  });
});

describe('an operation of the API document', () => {
  it('needs a token, and one with its scope', async () => {
    expect(operations.length).toBeGreaterThanOrEqual(4);
    const stranger = await sut.system.token('alice', 'other:scope');
    for (const { path, method } of operations) {
      const at = { path: path.replace('{id}', randomUUID()), method };
      expect({ ...at, status: (await send(undefined, at)).status }).toEqual({ ...at, status: 401 });
      expect({ ...at, status: (await send(stranger, at)).status }).toEqual({ ...at, status: 403 });
    }
  });
});

/** What a customer does: a request, on an order that may be another's. */
interface Action {
  who: Name;
  request: { path: string; method: string };
  /** Which of the orders so far; may be more than there are. */
  which: number;
  /** The customer in the body or query. */
  named: Name | undefined;
  key: string;
}

/** The orders of both customers as they should be. */
class Model {
  readonly orders: { id: string; owner: Name; canceled: boolean }[] = [];
  readonly keys = new Map<string, string>();

  async run({ who, request, which, named, key }: Action): Promise<void> {
    const order = this.orders[which];
    const target = { ...request, path: request.path.replace('{id}', order?.id ?? randomUUID()) };
    const isOwn = order?.owner === who;
    const operation = `${request.method} ${request.path}`;
    const isCreate = operation === 'POST /orders';
    if (operation === 'GET /orders' && named) target.path += `?customerId=${named}`;
    const body = isCreate ? JSON.stringify({ ...JSON.parse(orderOf(who)), customerId: named }) : undefined;
    const answer = await send(tokens[who], target, { body, headers: { 'idempotency-key': key } });

    // The others are public, and the document has an example of alice's.
    if (!request.path.startsWith('/orders')) return expect(answer.status).toBeLessThan(500);
    const other = who === 'alice' ? 'bob' : 'alice';
    expect(answer.text).not.toContain(`"${other}"`);
    expect(answer.text).not.toContain(`of ${other}`);
    expect(answer.status).toBe(statusOf(operation, { isOwn, who, named }));
    if (isCreate && answer.status === 201) this.created(who, key, idIn(answer));
    if (operation === 'POST /orders/{id}/cancel' && isOwn) order.canceled = true;
  }

  private created(owner: Name, key: string, id: string): void {
    const known = this.keys.get(`${owner} ${key}`);
    // A key that the other customer has used too is another key.
    if (known === undefined) this.orders.push({ id, owner, canceled: false });
    else expect(id).toBe(known);
    this.keys.set(`${owner} ${key}`, id);
  }

  /** Each order is as its owner has left it. */
  async check(): Promise<void> {
    for (const { id, owner, canceled } of this.orders) {
      const body = JSON.parse((await read(owner, id)).text) as Record<string, unknown>;
      expect(body).toMatchObject({ customerId: owner, status: canceled ? 'CANCELED' : 'CREATED' });
    }
  }
}

function statusOf(
  operation: string,
  { isOwn, who, named = who }: { isOwn: boolean; who: Name; named: Name | undefined },
) {
  switch (operation) {
    case 'POST /orders':
      return named === who ? 201 : 403;
    case 'GET /orders':
      return named === who ? 200 : 403;
    case 'HEAD /orders':
      return 200;
    case 'GET /orders/{id}':
    case 'HEAD /orders/{id}':
    case 'POST /orders/{id}/cancel':
      return isOwn ? 200 : 404;
    default:
      return 405;
  }
}

it('whatever two customers do on every route with every method, neither sees or changes what is not theirs', async () => {
  const any = fc.constantFrom(...requests);
  const often = fc.constantFrom(...operations);
  const action: fc.Arbitrary<Action> = fc.record({
    who: fc.constantFrom(...CUSTOMERS),
    request: fc.oneof(any, often, often),
    which: fc.nat({ max: 7 }),
    named: fc.option(fc.constantFrom(...CUSTOMERS), { nil: undefined }),
    key: fc.constantFrom('one', 'two', 'three', 'four'),
  });
  const property = fc.asyncProperty(fc.array(action, { minLength: 20, maxLength: 30 }), async (actions) => {
    const model = new Model();
    // The system has the keys of earlier runs, also of those that only shrink a failure.
    const run = randomUUID();
    for (const one of actions) await model.run({ ...one, key: `${one.key}-${run}` });
    await model.check();
  });
  await fc.assert(property, { numRuns: 20, endOnFailure: true });
}, 120_000);
