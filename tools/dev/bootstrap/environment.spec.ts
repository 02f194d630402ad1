import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { commandEnvironment } from './environment.mjs';

describe('the environment of a command', () => {
  it('keeps what is ours or nobody in particular', () => {
    const shell = {
      HOME: '/home/a',
      PATH: '/bin',
      LANG: 'tr_TR.UTF-8',
      TERM: 'dumb',
      NO_COLOR: '1',
      DATABASE_URL: 'postgres://h/d',
      NATS_URL: 'nats://h',
      GATEWAY_PORT: '4000',
      LOG_LEVEL: 'debug',
      NODE_EXTRA_CA_CERTS: '/ca.pem',
      HELM_BIN: '/usr/bin/helm',
      npm_config_omit: 'dev',
    };
    expect(commandEnvironment(shell)).toEqual(shell);
  });

  it.each([
    'NODE_ENV',
    'NODE_OPTIONS',
    'NODE_PATH',
    'NODE_PRESERVE_SYMLINKS',
    'NODE_V8_COVERAGE',
    'PGHOST',
    'PGPORT',
    'PGUSER',
    'PGPASSWORD',
    'PGDATABASE',
    'PGSSLMODE',
    'PGOPTIONS',
    'GIT_DIR',
    'GIT_INDEX_FILE',
    'HELM_NAMESPACE',
    'FORCE_COLOR',
  ])('has no %s of another program', (name) => {
    const shell = { [name]: 'x', PATH: '/bin' };
    expect(commandEnvironment(shell)).toEqual({ PATH: '/bin' });
    expect(shell).toHaveProperty(name, 'x');
  });
});

describe('with a proxy', () => {
  it.each(['http_proxy', 'https_proxy', 'HTTPS_PROXY', 'all_proxy', 'ALL_PROXY', 'grpc_proxy'])(
    'in %s, the servers on this machine are reached directly',
    (name) => {
      const env = commandEnvironment({ [name]: 'http://proxy:3128' });
      expect(env).toEqual({
        [name]: 'http://proxy:3128',
        no_proxy: '127.0.0.1,localhost',
        NO_PROXY: '127.0.0.1,localhost',
      });
    },
  );

  it.each([
    ['intern.example, localhost', 'intern.example,localhost,127.0.0.1'],
    ['*', '*'],
    ['', '127.0.0.1,localhost'],
  ])('and no_proxy=%j, that list stays', (listed, expected) => {
    expect(commandEnvironment({ http_proxy: 'http://p', no_proxy: listed }).no_proxy).toBe(expected);
  });

  it('that is set to nothing, all stays as it is', () => {
    expect(commandEnvironment({ http_proxy: '' })).toEqual({ http_proxy: '' });
  });
});

describe('TMPDIR', () => {
  let folder: string;
  let file: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'environment-'));
    file = join(folder, 'file');
    writeFileSync(file, '');
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  it('is kept where it can be written to', () => {
    expect(commandEnvironment({ TMPDIR: folder })).toEqual({ TMPDIR: folder });
  });

  it('is not one that is missing, or no folder', () => {
    expect(commandEnvironment({ TMPDIR: join(folder, 'missing') })).toEqual({});
    expect(commandEnvironment({ TMPDIR: file })).toEqual({});
  });
});
