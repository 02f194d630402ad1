import 'reflect-metadata';

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { recordSpans, type RecordedSpans } from '@orders/instrumentation/testing';
import { connect } from 'node:net';
import { eventually } from '@orders/resilience/testing/eventually';

import { GOOD_ORDER, startGateway, type GatewayUnderTest } from './testing/gateway-under-test.js';

let gateway: GatewayUnderTest;
let spans: RecordedSpans;
beforeAll(async () => {
  spans = recordSpans();
  gateway = await startGateway();
});
afterAll(async () => {
  await gateway.stop();
  spans.stop();
});

const until = (condition: () => boolean) => eventually(condition.toString(), condition);
const linesOf = (requestId: string) =>
  gateway.logs().filter((line) => line['msg'] === 'request' && line['requestId'] === requestId);
const abandonedSpans = () =>
  spans.ended().filter(({ attributes }) => attributes['http.response.status_code'] === 499);
const abandonedCount = async () => {
  const metrics = await (await fetch(`${gateway.managementUrl}/metrics`)).text();
  const line = /^http_server_request_duration_seconds_count\{[^}]*status_code="499"[^}]*\} (\d+)/m.exec(
    metrics,
  );
  return Number(line?.[1] ?? 0);
};

describe('a request whose client went away', () => {
  const body = JSON.stringify(GOOD_ORDER);

  it.each([
    ['before its answer', body],
    ['before it had sent its body', body.slice(0, 10)],
  ])('%s is logged, counted and traced once, as 499', async (when, sent) => {
    const id = when.replaceAll(' ', '-');
    const before = await abandonedCount();
    const held = Promise.withResolvers<void>();
    gateway.orders.hold = held.promise;
    spans.reset();
    const token = await gateway.issuer.token('alice', 'orders:write');
    const socket = connect({ port: gateway.port, host: '127.0.0.1' });
    socket.write(
      `POST /orders HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${token}\r\nX-Request-Id: ${id}\r\n` +
        `Content-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${sent}`,
    );
    if (sent === body) await until(() => gateway.orders.calls.length > 0);
    else await gateway.request('/healthz');
    socket.destroy();
    await until(() => linesOf(id).length > 0);
    held.resolve();
    expect((await gateway.request('/orders')).status).toBe(200);

    expect(linesOf(id)).toEqual([
      expect.objectContaining({
        status: 499,
        method: 'POST',
        path: '/orders',
        durationMs: expect.any(Number),
      }),
    ]);
    expect(await abandonedCount()).toBe(before + 1);
    expect(abandonedSpans()).toEqual([expect.objectContaining({ name: 'POST /orders' })]);
  });
});
