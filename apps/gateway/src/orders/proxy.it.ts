import 'reflect-metadata';
import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { createServer, type AddressInfo, type Server } from 'node:net';
import { GOOD_ORDER, startGateway, type GatewayUnderTest } from '../testing/gateway-under-test.js';

const VARIABLES = ['http_proxy', 'https_proxy', 'grpc_proxy'];

let proxy: Server;
let requests = 0;
let gateway: GatewayUnderTest;
beforeEach(async () => {
  proxy = createServer((socket) => {
    requests += 1;
    socket.end('HTTP/1.1 503 Service Unavailable\r\n\r\n');
  });
  await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
  const { port } = proxy.address() as AddressInfo;
  for (const name of VARIABLES) process.env[name] = `http://127.0.0.1:${port}`;
  gateway = await startGateway();
});
afterEach(async () => {
  for (const name of VARIABLES) delete process.env[name];
  await gateway.stop();
  await new Promise((resolve) => proxy.close(resolve));
});

it('calls to orders do not use the HTTP proxy of the environment', async () => {
  const { status } = await gateway.request('/orders', { body: GOOD_ORDER });
  expect(status).toBe(201);
  expect(requests).toBe(0);
});
