import { createServer, type AddressInfo } from 'node:net';
import { describe, expect, it } from '@jest/globals';
import { APPS } from './declarations.ts';
import { assertPortsFree, freePorts, freeSystemPorts, portsFrom } from './ports.ts';

describe('the ports of npm start', () => {
  it('are the declared ones unless the environment says otherwise', () => {
    expect(portsFrom({}).ports).toEqual({
      issuer: 3003,
      apps: Object.fromEntries(APPS.map(({ name, ports }) => [name, ports])),
    });
    const { ports } = portsFrom({ GATEWAY_PORT: '4000', ORDERS_GRPC_PORT: '4001', ISSUER_PORT: '' });
    expect(ports).toMatchObject({
      issuer: 3003,
      apps: { gateway: { http: 4000, management: 9100 }, orders: { grpc: 4001, management: 9101 } },
    });
  });

  it.each(['abc', '0', '65536', '1.5', '-1'])(
    'are refused with the name of the variable when %s',
    (value) => {
      expect(() => portsFrom({ ORDERS_GRPC_PORT: value })).toThrow(/ORDERS_GRPC_PORT must be a port/);
    },
  );

  it('may not be the same twice', () => {
    expect(() => portsFrom({ GATEWAY_PORT: '3002' })).toThrow(
      'GATEWAY_PORT and FULFILLMENT_PORT are both 3002',
    );
  });

  it('that are taken are named with the variable that changes them', async () => {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    const wanted = portsFrom({ GATEWAY_PORT: String(port) }).wanted.filter(({ what }) => what === 'gateway');
    await expect(assertPortsFree(wanted)).rejects.toThrow(
      `Port ${port} (gateway) is taken: set GATEWAY_PORT`,
    );
    await new Promise((resolve) => server.close(resolve));
    await expect(assertPortsFree(wanted)).resolves.toBeUndefined();
  });
});

describe('free ports', () => {
  it('are all different, and below those of outgoing connections', async () => {
    const { issuer, apps } = await freeSystemPorts();
    const declared = Object.values(apps).flatMap((ports) => Object.values(ports) as number[]);
    expect(declared).toHaveLength(APPS.flatMap(({ ports }) => Object.values(ports)).length);
    const ports = [...(await freePorts(5)), issuer, ...declared];
    expect(new Set(ports).size).toBe(ports.length);
    expect(Math.max(...ports)).toBeLessThan(32_768);
  });
});
