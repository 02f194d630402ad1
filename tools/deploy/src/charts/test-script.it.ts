import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import type { IPod } from 'kubernetes-models/v1';
import { find } from '../chart-renders.ts';
import { Helm } from '../helm.ts';
import { parseManifests } from '../manifests.ts';
import { attempt } from '../run.ts';

let helm: Helm;
let args: string[];

beforeAll(async () => {
  helm = await Helm.prepare();
  const set = 'test.enabled=true,test.tokenSecret=token';
  const rendered = parseManifests(await helm.ok('template', 'gateway', helm.chart('gateway'), '--set', set));
  args = find<IPod>(rendered, 'Pod').spec?.containers[0]?.args ?? [];
}, 240_000);

afterAll(() => helm?.[Symbol.asyncDispose]());

/** Runs what `helm test` runs, against a server that stands for all apps. */
async function runAgainst(listener: RequestListener) {
  const server = createServer(listener).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  try {
    return await attempt(process.execPath, args, {
      env: { FRONT: url, EFFECTS: `${url}/shipments`, TOKEN: 'of-a-customer' },
    });
  } finally {
    server.closeAllConnections();
    server.close();
  }
}

it('helm test makes an order as the customer, and waits for its effect', async () => {
  const requests: string[] = [];
  const { code, stdout } = await runAgainst((request, response) => {
    requests.push(`${request.method} ${request.url} ${request.headers.authorization ?? ''}`.trim());
    const isThere = request.method === 'POST' || requests.length > 2;
    response.statusCode = request.method === 'POST' ? 201 : isThere ? 200 : 404;
    response.end(JSON.stringify({ id: 'o-1' }));
  });
  expect({ code, requests }).toEqual({
    code: 0,
    requests: ['POST /orders Bearer of-a-customer', 'GET /shipments/o-1', 'GET /shipments/o-1'],
  });
  expect(stdout).toContain('saw its effect at');
});

it('helm test fails with the answer when no order is made', async () => {
  const { code, stderr } = await runAgainst((_, response) => {
    response.statusCode = 401;
    response.end('{"code":"UNAUTHENTICATED"}');
  });
  expect(code).toBe(1);
  expect(stderr).toContain('POST /orders: 401 {"code":"UNAUTHENTICATED"}');
});
