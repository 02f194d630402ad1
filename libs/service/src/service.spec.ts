import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { createLogger } from '@orders/instrumentation';
import { Service } from './service.js';

const logger = createLogger({ name: 'test', level: 'silent' });

function start(limits: { waitMs?: number; drainMs?: number } = {}) {
  const listeners = new Map<string, (...args: never[]) => void>();
  const exits: number[] = [];
  const steps: string[] = [];
  const service = new Service({
    name: 'test',
    config: {
      host: '127.0.0.1',
      managementPort: 0,
      shutdownWaitMs: limits.waitMs ?? 5_000,
      shutdownDrainMs: limits.drainMs ?? 15_000,
    },
    logger,
    process: {
      on: (event, listener) => listeners.set(event, listener),
      exit: (code) => void exits.push(code),
    },
  });
  const step =
    (name: string, ms = 0) =>
    async () => {
      steps.push(`${name} begins`);
      await new Promise((resolve) => setTimeout(resolve, ms));
      steps.push(`${name} ends`);
    };
  const signal = (name: string, value?: unknown) => listeners.get(name)?.(value as never);
  return { service, exits, steps, step, signal };
}

describe('a stop', () => {
  beforeEach(() => void jest.useFakeTimers());
  afterEach(() => void jest.useRealTimers());

  it('waits, runs intake, drain and connections in this order, and exits with 0', async () => {
    const { service, exits, steps, step, signal } = start();
    service.onStop('connections', 'pool', step('pool'));
    service.onStop('drain', 'http', step('drain', 1_000));
    service.onStop('intake', 'http', step('http', 200));
    service.onStop('intake', 'relay', step('relay', 100));
    service.markStarted();
    signal('SIGTERM');
    expect(service.stopping).toBe(true);
    await jest.advanceTimersByTimeAsync(4_999);
    expect(steps).toEqual([]);
    await jest.advanceTimersByTimeAsync(10_000);
    expect(steps).toEqual([
      'http begins',
      'relay begins',
      'relay ends',
      'http ends',
      'drain begins',
      'drain ends',
      'pool begins',
      'pool ends',
    ]);
    expect(exits).toEqual([0]);
  });

  it('goes on after the drain deadline, and aborts the signal of the step', async () => {
    const { service, exits, steps, step, signal } = start({ waitMs: 0, drainMs: 1_000 });
    let aborted = false;
    service.onStop('drain', 'stuck', (abort) => {
      abort.addEventListener('abort', () => (aborted = true));
      return new Promise(() => undefined);
    });
    service.onStop('connections', 'pool', step('pool'));
    signal('SIGINT');
    await jest.advanceTimersByTimeAsync(999);
    expect([aborted, steps.length]).toEqual([false, 0]);
    await jest.advanceTimersByTimeAsync(10);
    expect(aborted).toBe(true);
    expect(steps).toEqual(['pool begins', 'pool ends']);
    expect(exits).toEqual([0]);
  });

  it('runs the other steps when one fails, and exits although closing hangs', async () => {
    const { service, exits, steps, step, signal } = start({ waitMs: 0 });
    service.onStop('intake', 'bad', () => Promise.reject(new Error('no')));
    service.onStop('intake', 'worse', () => {
      throw new Error('at once');
    });
    service.onStop('intake', 'good', step('good', 10));
    service.onStop('connections', 'hangs', () => new Promise(() => undefined));
    signal('SIGTERM');
    await jest.advanceTimersByTimeAsync(3_000);
    expect(steps).toEqual(['good begins', 'good ends']);
    expect(exits).toEqual([0]);
  });

  it('happens once, however many signals come', async () => {
    const { service, exits, steps, step, signal } = start({ waitMs: 0 });
    service.onStop('intake', 'http', step('http'));
    signal('SIGTERM');
    signal('SIGINT');
    await jest.advanceTimersByTimeAsync(1_000);
    expect(steps).toEqual(['http begins', 'http ends']);
    expect(exits).toEqual([0]);
  });

  it('is forced after 25 s', async () => {
    const { exits, signal } = start({ waitMs: 60_000 });
    signal('SIGTERM');
    await jest.advanceTimersByTimeAsync(24_999);
    expect(exits).toEqual([]);
    await jest.advanceTimersByTimeAsync(1);
    expect(exits).toEqual([1]);
  });

  it.each(['uncaughtException', 'unhandledRejection'])('%s exits with 1 at once', (event) => {
    const { exits, signal } = start();
    signal(event, new Error('bug'));
    expect(exits).toEqual([1]);
  });
});
