import { afterEach, describe, expect, it } from '@jest/globals';
import { createLogger } from '@orders/instrumentation';
import { Service } from './service.js';

const services: Service[] = [];
afterEach(() => Promise.all(services.map((service) => service.stop('test'))));

function start(managementPort = 0): Service {
  const service = new Service({
    name: 'test',
    config: { host: '127.0.0.1', managementPort, shutdownWaitMs: 0, shutdownDrainMs: 0 },
    logger: createLogger({ name: 'test', level: 'silent' }),
    process: { on: () => undefined, exit: () => undefined },
  });
  services.push(service);
  return service;
}

describe('the management port', () => {
  const get = async (port: number, path: string) => {
    const response = await fetch(`http://127.0.0.1:${port}${path}`);
    return { status: response.status, text: await response.text() };
  };

  it('reports liveness, start-up and readiness separately', async () => {
    const service = start();
    const port = await service.openManagementPort();
    let broken = true;
    service.addReadinessCheck('database', async () => {
      if (broken) throw new Error('no connection');
    });
    service.addReadinessCheck('keys', async () => undefined);
    expect((await get(port, '/livez')).status).toBe(200);
    expect((await get(port, '/startupz')).status).toBe(503);
    expect((await get(port, '/readyz')).status).toBe(503);
    service.markStarted();
    expect((await get(port, '/startupz')).status).toBe(200);
    const unready = await get(port, '/readyz');
    expect(unready.status).toBe(503);
    expect(JSON.parse(unready.text)).toEqual({
      status: 'error',
      details: { database: { status: 'down', message: 'no connection' }, keys: { status: 'up' } },
    });
    broken = false;
    expect((await get(port, '/readyz?verbose')).status).toBe(200);
    expect((await get(port, '/metrics')).text).toContain('process_resident_memory_bytes');
    expect((await get(port, '/')).status).toBe(404);
    await service.stop('test');
    await expect(get(port, '/livez')).rejects.toThrow();
  });

  // Its start-up probe ended a process that waited for a database, again and again, and nobody was told why it waited.
  it('reports a process that waits for a server as started but not ready, with the reason', async () => {
    const service = start();
    const port = await service.openManagementPort();
    service.addReadinessCheck('database', () => Promise.reject(new Error('no migrations')));
    service.markWaiting();
    expect((await get(port, '/startupz')).status).toBe(200);
    const { status, text } = await get(port, '/readyz');
    expect(status).toBe(503);
    expect(JSON.parse(text)).toEqual({
      status: 'error',
      details: {
        process: { status: 'down', state: 'waiting' },
        database: { status: 'down', message: 'no migrations' },
      },
    });
    service.markStarted();
    service.markWaiting();
    expect(JSON.parse((await get(port, '/readyz')).text).details).not.toHaveProperty('process');
  });

  it('stays ready with a problem that it can work with, and shows it', async () => {
    const service = start();
    const port = await service.openManagementPort();
    service.addReadinessCheck('nats', async () => 'NATS refuses user "orders"');
    service.markStarted();
    const { status, text } = await get(port, '/readyz');
    const nats = { status: 'up', message: 'NATS refuses user "orders"' };
    expect([status, JSON.parse(text)]).toEqual([200, { status: 'ok', details: { nats } }]);
  });

  it('fails to open when the port is taken', async () => {
    const port = await start().openManagementPort();
    await expect(start(port).openManagementPort()).rejects.toThrow('EADDRINUSE');
  });

  it('reports a check that takes longer than 1 s as failed', async () => {
    const service = start();
    const port = await service.openManagementPort();
    service.addReadinessCheck('frozen', () => new Promise(() => undefined));
    service.markStarted();
    expect(await get(port, '/readyz')).toMatchObject({
      status: 503,
      text: expect.stringContaining('no answer within 1 s'),
    });
  });
});
