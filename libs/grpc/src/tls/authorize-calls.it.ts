import 'reflect-metadata';
import { makeClientConstructor } from '@grpc/grpc-js';
import { beforeAll, describe, expect, it } from '@jest/globals';
import { Deadline } from '@orders/resilience';
import type { TlsIdentity } from '@orders/service';
import { CertificateAuthority, someIdentity } from '@orders/service/testing';
import { service as healthService } from 'grpc-health-check';
import { RpcClient } from '../rpc-client.js';
import { CallingApp, countRefusals, LogLines, ServedRpcs } from '../testing/grpc-world.js';
import { channelCredentials } from './channel-credentials.js';

const CALLERS = { 'orders.v1.Orders': ['gateway'], 'orders.v1.Orders/ListOrders': ['desk'] };

let ca: CertificateAuthority;
let orders: TlsIdentity;

beforeAll(async () => {
  ca = await CertificateAuthority.create('ca');
  orders = await someIdentity('orders', ca);
});

describe('a call is allowed to the apps that declare it', () => {
  it.each<[string, string, 'getOrder' | 'listOrders', string]>([
    ['the service', 'gateway', 'getOrder', 'OK'],
    ['the service', 'gateway', 'listOrders', 'OK'],
    ['this RPC alone', 'desk', 'listOrders', 'OK'],
    ['another RPC alone', 'desk', 'getOrder', 'PERMISSION_DENIED'],
    ['nothing', 'fulfillment', 'getOrder', 'PERMISSION_DENIED'],
  ])('an app that declares %s: %s calls %s', async (_what, name, rpc, code) => {
    await using server = await ServedRpcs.start(orders, CALLERS);
    using app = new CallingApp(server.port, await someIdentity(name, ca));
    const before = await countRefusals('PERMISSION_DENIED');
    const answers = [await app.call(rpc), await app.call(rpc)];
    expect(answers.map((answer) => answer.code)).toEqual([code, code]);
    const refused = code === 'OK' ? 0 : 2;
    expect(await countRefusals('PERMISSION_DENIED')).toBe(before + refused);
    // At most one line a second.
    expect(server.log.lines.filter(({ msg }) => msg === 'call refused').map(({ names }) => names)).toEqual(
      refused ? [`DNS:${name}, DNS:localhost, IP Address:127.0.0.1`] : [],
    );
  });

  it('and the health of the server is told to any identity', async () => {
    await using server = await ServedRpcs.start(orders, CALLERS);
    const { logger } = new LogLines();
    const tls = await someIdentity('fulfillment', ca);
    const Health = makeClientConstructor(healthService, 'grpc.health.v1.Health');
    const client = new Health(
      `127.0.0.1:${server.port}`,
      channelCredentials({ upstream: 'orders', logger, tls }),
    );
    const answer = await new Promise((resolve, reject) =>
      client['check']!({ service: 'orders.v1.Orders' }, (error: unknown, found: unknown) =>
        error ? reject(error) : resolve(found),
      ),
    );
    expect(answer).toEqual({ status: 'SERVING' });
    client.close();
  });
});

it('an app that may not call gets `unavailable`: no bug of its own, no open breaker, one line with caller and RPC', async () => {
  await using server = await ServedRpcs.start(orders, CALLERS);
  using app = new CallingApp(server.port, await someIdentity('fulfillment', ca));
  const { logger, lines } = new LogLines();
  const rpc = new RpcClient(app.client, { upstream: 'orders', address: `127.0.0.1:${server.port}`, logger });
  const call = () =>
    rpc.call(Deadline.after(10_000), (metadata, options, answer) =>
      app.client.getOrder({ id: '1', customerId: '', context: undefined }, metadata, options, answer),
    );
  for (let n = 0; n < 40; n += 1)
    await expect(call()).rejects.toMatchObject({ code: 'unavailable', retryAfterSeconds: 1 });
  const about = lines.filter(({ skipped }) => skipped === undefined);
  expect(about).toMatchObject([
    {
      level: 50,
      upstream: 'orders',
      reason: 'PERMISSION_DENIED',
      details: expect.stringMatching(/^DNS:fulfillment, .* may not call orders\.v1\.Orders\/GetOrder$/),
      msg: 'the upstream refuses the identity of this app',
    },
  ]);
});
