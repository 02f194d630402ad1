import { describe, expect, it } from '@jest/globals';
import { createLogger } from '@orders/instrumentation';
import { openDatabase } from './postgres.js';

/** A database with these settings off, and a service that records its checks and stop steps. */
function databaseWith(off: readonly string[]) {
  const calls: string[] = [];
  const checks = new Map<string, () => Promise<void>>();
  const stops = new Map<string, () => Promise<void>>();
  const database = {
    initialize: async () => calls.push('initialize'),
    query: async (sql: string) => {
      calls.push(sql);
      return off.map((name) => ({ name }));
    },
    destroy: async () => void calls.push('destroy'),
  };
  const service = {
    logger: createLogger({ name: 'test', level: 'silent' }),
    addReadinessCheck: (name: string, check: () => Promise<void>) => void checks.set(name, check),
    onStop: (phase: string, name: string, step: (signal: AbortSignal) => Promise<void>) =>
      void stops.set(`${phase}: ${name}`, () => step(AbortSignal.abort())),
  };
  return { database, service, calls, checks, stops };
}

describe('the database of a service', () => {
  it('is checked by readiness, and closed in the phase `connections` of the stop', async () => {
    const { database, service, calls, checks, stops } = databaseWith([]);
    await openDatabase(database, service, 'required');
    expect(calls[0]).toBe('initialize');
    await checks.get('postgres')?.();
    expect(calls.at(-1)).toBe('SELECT 1');
    await stops.get('connections: postgres')?.();
    expect(calls.at(-1)).toBe('destroy');
  });

  it('is refused when it may lose acknowledged data, unless its durability is unchecked', async () => {
    const unsafe = databaseWith(['fsync']);
    await expect(openDatabase(unsafe.database, unsafe.service, 'required')).rejects.toThrow('are off: fsync');
    expect(unsafe.checks.size).toBe(0);
    await openDatabase(unsafe.database, unsafe.service, 'unchecked');
    expect(unsafe.checks.size).toBe(1);
  });
});
