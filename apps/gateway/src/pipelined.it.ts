import 'reflect-metadata';
import { connect } from 'node:net';
import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { GOOD_ORDER, startGateway, type GatewayUnderTest } from './testing/gateway-under-test.js';

let gateway: GatewayUnderTest;
beforeEach(async () => {
  gateway = await startGateway();
});
afterEach(() => gateway.stop());

it('an order is not answered with the refusal of what follows it on its connection', async () => {
  const token = await gateway.issuer.token('alice', 'orders:write');
  const body = JSON.stringify(GOOD_ORDER);
  const head = `POST /orders HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nAuthorization: Bearer ${token}`;
  const stored = Promise.withResolvers<void>();
  gateway.orders.hold = stored.promise;
  const refused = new Promise((resolve) => gateway.server.once('clientError', resolve));
  const socket = connect({ port: gateway.port, host: '127.0.0.1' });
  let answer = '';
  const closed = new Promise((resolve) =>
    socket.on('data', (data) => (answer += data.toString())).once('close', resolve),
  );
  socket.write(`${head}\r\nContent-Length: ${body.length}\r\n\r\n${body}no HTTP\r\n\r\n`);
  await refused;
  stored.resolve();
  await closed;
  expect(gateway.orders.orders.size).toBe(1);
  expect(answer.match(/^HTTP\/1.1 \d+/gm)).toEqual(['HTTP/1.1 201']);
});
