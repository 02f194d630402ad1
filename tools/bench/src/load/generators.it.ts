import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { autocannonGenerator } from './autocannon.ts';
import type { Generator, Load, LoadResult } from './generator.ts';
import { LOADS } from './loads.ts';
import { resolveGenerator } from './resolve-generator.ts';

const SIGNAL = new AbortController().signal;
const OWN: Record<string, string[]> = { ann: ['ann-1', 'ann-2'], bob: ['bob-1', 'bob-2'] };

interface Seen {
  method: string;
  path: string;
  caller: string;
  key: string | undefined;
}

describe.each([
  ['wrk, when it is there', () => resolveGenerator(SIGNAL)],
  ['autocannon', () => Promise.resolve(autocannonGenerator)],
])('a load by %s', (_name, resolve) => {
  let server: Server;
  let generator: Generator;
  let seen: Seen[] = [];

  beforeAll(async () => {
    generator = await resolve();
    server = createServer((request, response) => {
      seen.push(seenIn(request));
      request.resume().on('end', () => response.writeHead(request.method === 'POST' ? 201 : 200).end('{}'));
    });
    await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  });
  afterAll(() => {
    server.closeAllConnections();
    server.close();
  });

  const send = ({ cycle, headers }: Pick<Load, 'cycle' | 'headers'>): Promise<LoadResult> => {
    seen = [];
    const callers = Object.entries(OWN).map(([token, orders]) => ({ token, orders }));
    const api = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    return generator.run({ api, cycle, callers, headers, connections: 2, seconds: 1 }, SIGNAL);
  };

  it('that is mixed has nine reads to each write, of orders of the caller, and a new key for each write', async () => {
    const { reads, writes, acknowledged, errors } = await send(LOADS.mixed);
    const written = seen.filter(({ method }) => method === 'POST');
    const read = seen.filter(({ method }) => method === 'GET');
    expect(errors).toBe(0);
    expect(acknowledged).toBeGreaterThan(100);
    expect(reads + writes).toBeGreaterThanOrEqual(acknowledged);
    expect(writes).toBeGreaterThanOrEqual(written.length);
    expect(read.length / written.length).toBeCloseTo(9, 0);
    for (const [name, ids] of Object.entries(OWN)) {
      const paths = read.filter(({ caller }) => caller === name).map(({ path }) => path);
      expect(new Set(paths)).toEqual(new Set(ids.map((id) => `/orders/${id}`)));
    }
    const keys = new Set(written.map(({ key }) => key));
    expect(keys).not.toContain(undefined);
    expect(keys.size).toBe(written.length);
  });

  it('of pages asks for 20 orders, with the headers that were added', async () => {
    await send({ ...LOADS.pages, headers: { 'Idempotency-Key': 'as given' } });
    expect(new Set(seen.map(({ path }) => path))).toEqual(new Set(['/orders?limit=20']));
    expect(new Set(seen.map(({ key }) => key))).toEqual(new Set(['as given']));
  });
});

function seenIn({ method = '', url = '', headers }: IncomingMessage): Seen {
  const caller = headers.authorization?.replace('Bearer ', '') ?? '';
  return { method, path: url, caller, key: headers['idempotency-key']?.toString() };
}
