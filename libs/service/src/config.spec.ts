import { describe, expect, it, jest } from '@jest/globals';
import { inspect } from 'node:util';
import { z } from 'zod';
import { baseConfig, ConfigError, loadConfig, milliseconds, port, readConfig } from './config.js';
import { Secret } from './secret.js';

const schema = baseConfig.extend({
  PORT: port(3_000),
  DATABASE_URL: z.url().transform((text) => new Secret(text)),
  LIMIT_MS: milliseconds(),
});
const GOOD = { DATABASE_URL: 'postgres://u:pw@h/db', LIMIT_MS: '250' };

describe('readConfig', () => {
  it('fills in defaults, renames keys to camelCase, and freezes the result', () => {
    const config = readConfig(schema, { ...GOOD, PORT: '', SHUTDOWN_WAIT_MS: '0', UNKNOWN: 'x' });
    const { databaseUrl, ...rest } = config;
    expect(rest).toEqual({
      host: '0.0.0.0',
      managementPort: 9_100,
      logLevel: 'info',
      shutdownWaitMs: 0,
      shutdownDrainMs: 15_000,
      port: 3_000,
      limitMs: 250,
    });
    expect(databaseUrl.reveal()).toBe(GOOD.DATABASE_URL);
    expect(Object.isFrozen(config)).toBe(true);
  });

  it('reports every problem at once, without values', () => {
    const env = {
      PORT: '99999',
      LIMIT_MS: '5s',
      LOG_LEVEL: 'loud',
      MANAGEMENT_PORT: '-1',
      HOST: 'pw-in-the-wrong-place',
    };
    let problems: readonly string[] = [];
    try {
      readConfig(schema, env);
    } catch (error) {
      if (error instanceof ConfigError) problems = error.problems;
    }
    expect(problems.map((line) => line.split(':')[0]).sort()).toEqual([
      'DATABASE_URL',
      'LIMIT_MS',
      'LOG_LEVEL',
      'MANAGEMENT_PORT',
      'PORT',
    ]);
    expect(problems).toContain('DATABASE_URL: is required');
    expect(problems.join()).not.toMatch(/5s|loud/);
  });

  it('keeps keys that a schema has renamed itself', () => {
    const own = z.object({ A_B: z.string() }).transform(({ A_B }) => ({ aB: A_B, maxSize: 1 }));
    expect(readConfig(own, { A_B: 'x' })).toEqual({ aB: 'x', maxSize: 1 });
  });
});

describe('loadConfig', () => {
  it('prints one problem a line and exits with 1', () => {
    const write = jest.spyOn(process.stderr, 'write').mockReturnValue(true);
    const exit = jest.spyOn(process, 'exit').mockImplementation(() => {
      throw new Error('exited');
    });
    expect(() => loadConfig(schema, {})).toThrow('exited');
    expect(exit).toHaveBeenCalledWith(1);
    expect(write.mock.calls.map(([line]) => line)).toEqual([
      'DATABASE_URL: is required\n',
      'LIMIT_MS: is required\n',
    ]);
    write.mockRestore();
    exit.mockRestore();
  });
});

describe('a secret', () => {
  it('prints as *** everywhere', () => {
    const value = new Secret('hunter2');
    const shown = [
      String(value),
      JSON.stringify({ value }),
      inspect(value),
      inspect({ value }, { showHidden: true }),
      value.toString(),
    ];
    for (const text of shown) expect(text).not.toContain('hunter2');
    expect(value.reveal()).toBe('hunter2');
  });
});
