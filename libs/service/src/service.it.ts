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

describe('the log level', () => {
  const ask = async (port: number, body?: string) => {
    const init = body === undefined ? {} : { method: 'PUT', body };
    const response = await fetch(`http://127.0.0.1:${port}/log-level`, init);
    return { status: response.status, body: (await response.json()) as object };
  };

  it('is told and changed on the management port, for all loggers of the process', async () => {
    const service = start();
    const port = await service.openManagementPort();
    expect(await ask(port)).toEqual({ status: 200, body: { level: 'silent' } });
    expect(await ask(port, '{"level":"fatal"}')).toEqual({ status: 200, body: { level: 'fatal' } });
    expect(service.logger.isLevelEnabled('fatal')).toBe(true);
    expect(await ask(port)).toEqual({ status: 200, body: { level: 'fatal' } });
  });

  it.each([
    ['{"level":"loud"}', /^level: /],
    ['{}', /^level: /],
    ['{"level":"info","until":"noon"}', /until/],
    ['level=debug', /^body: /],
    [JSON.stringify({ level: 'x'.repeat(2_000) }), /^body: /],
  ])('is not changed by %.30s: the answer names what is wrong', async (body, error) => {
    const service = start();
    const port = await service.openManagementPort();
    expect(await ask(port, body)).toEqual({ status: 400, body: { error: expect.stringMatching(error) } });
    expect(service.logger.level).toBe('silent');
  });

  it('is not changed by another method', async () => {
    const port = await start().openManagementPort();
    const response = await fetch(`http://127.0.0.1:${port}/log-level`, { method: 'POST', body: '{}' });
    expect([response.status, response.headers.get('allow')]).toEqual([405, 'GET, PUT']);
  });
});
