import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { nkeys } from '@nats-io/transport-node';
import { readConfig } from '@orders/service';
import { CertificateAuthority } from '@orders/service/testing';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { z } from 'zod';
import { credsOf, seedOf } from '../testing/fixtures.js';
import { natsConfig, oneNatsUser } from './nats-config.js';
import { natsProof } from './nats-identity.js';

const schema = z.object(natsConfig).superRefine(oneNatsUser);
const NATS_URL = 'nats://h';
const read = (env: Record<string, string>) => readConfig(schema, { NATS_URL, ...env });
const proofOf = (env: Record<string, string>) => natsProof(read(env));

let folder: string;
beforeAll(() => void (folder = mkdtempSync(join(tmpdir(), 'nats-config-'))));
afterAll(() => rmSync(folder, { recursive: true }));

function write(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

const user = nkeys.createUser();

describe('as whom an app connects', () => {
  it('is what one variable tells, of whatever kind', () => {
    const seed = write('seed', `${seedOf(user)}\n`);
    const creds = write('creds', credsOf(user));
    const nonce = 'nonce';
    const auth = (env: Record<string, string>) => proofOf(env)?.authenticator(nonce);
    expect(auth({})).toBeUndefined();
    expect(auth({ NATS_URL: 'nats://u:4p%40@h' })).toEqual({ user: 'u', pass: '4p@' });
    expect(auth({ NATS_URL: 'nats://t@h' })).toEqual({ auth_token: 't' });
    expect(auth({ NATS_USER: 'u', NATS_PASSWORD: '4p%40' })).toEqual({ user: 'u', pass: '4p%40' });
    expect(auth({ NATS_TOKEN: 't' })).toEqual({ auth_token: 't' });
    const signed = { nkey: user.getPublicKey(), sig: expect.any(String) };
    expect(auth({ NATS_NKEY_SEED_FILE: seed })).toEqual(signed);
    expect(auth({ NATS_CREDS_FILE: creds })).toEqual({ ...signed, jwt: expect.any(String) });
  });

  it.each([
    [{ NATS_URL: 'nats://t@h', NATS_TOKEN: 't' }, /^NATS_TOKEN: .*NATS_URL and NATS_TOKEN$/],
    [{ NATS_USER: 'u', NATS_PASSWORD: 'p', NATS_TOKEN: 't' }, /^NATS_TOKEN: .*NATS_USER and NATS_TOKEN$/],
    [{ NATS_USER: 'u' }, /^NATS_PASSWORD: is required with NATS_USER$/],
    [{ NATS_PASSWORD: 'p' }, /^NATS_USER: is required with NATS_PASSWORD$/],
  ])('is refused when it is given twice or by half: %j', (env, problem) => {
    expect(() => read(env)).toThrow(problem);
  });

  it('is never printed', () => {
    const seed = write('printed', seedOf(user));
    const configs = [
      read({ NATS_URL: 'nats://u:my-secret@h' }),
      read({ NATS_USER: 'u', NATS_PASSWORD: 'my-secret' }),
      read({ NATS_TOKEN: 'my-secret' }),
      read({ NATS_NKEY_SEED_FILE: seed }),
    ];
    const printed = configs.flatMap((config) => [
      inspect(config, { depth: 9, showHidden: true }),
      JSON.stringify(config),
    ]);
    expect(printed.join()).not.toMatch(/my-secret|SU[A-Z2-7]{20}/);
  });
});

describe('a file of the NATS config', () => {
  const other = nkeys.createUser();
  const mixed = () => credsOf(user).replace(seedOf(user), seedOf(other));

  it.each([
    ['NATS_NKEY_SEED_FILE', 'is-empty', '', 'has no nkey seed'],
    ['NATS_NKEY_SEED_FILE', 'is-text', 'hello', 'has no nkey seed'],
    ['NATS_NKEY_SEED_FILE', 'is-public', user.getPublicKey(), 'has no nkey seed'],
    ['NATS_NKEY_SEED_FILE', 'is-cut', seedOf(user).slice(0, -3), 'has no nkey seed'],
    [
      'NATS_NKEY_SEED_FILE',
      'is-account',
      seedOf(nkeys.createAccount()),
      'has a seed of another kind than a user',
    ],
    ['NATS_CREDS_FILE', 'is-seed', seedOf(user), 'has no user JWT'],
    ['NATS_CREDS_FILE', 'without-seed', credsOf(user).split('-----BEGIN USER')[0]!, 'has no user seed'],
    ['NATS_CREDS_FILE', 'no-jwt', credsOf(user).replace(/ey\S+/, 'hello'), 'has no readable user JWT'],
    ['NATS_CREDS_FILE', 'mixed', mixed(), 'has a seed that is not that of its JWT'],
    ['NATS_CA_FILE', 'no-pem', 'hello', 'is not PEM'],
    ['NATS_CA_FILE', 'empty', '', 'is empty'],
  ])('%s is refused when it %s', (variable, name, text, reason) => {
    const path = write(name, text);
    expect(() => read({ [variable]: path })).toThrow(`${variable}: ${path}: ${reason}`);
  });

  it('is refused when it is missing or a folder', () => {
    const path = join(folder, 'missing');
    expect(() => read({ NATS_CREDS_FILE: path })).toThrow(`NATS_CREDS_FILE: ${path}: does not exist`);
    mkdirSync(join(folder, 'folder'));
    const ca = join(folder, 'folder');
    expect(() => read({ NATS_CA_FILE: ca })).toThrow(`NATS_CA_FILE: ${ca}: is a folder`);
  });

  it('is renewed; a bad one leaves the one before in use', async () => {
    const [first, second] = [await CertificateAuthority.create('a'), await CertificateAuthority.create('b')];
    const path = write('ca', first.cert);
    const { natsCaFile } = read({ NATS_CA_FILE: path });
    const settle = async () => {
      await natsCaFile?.read();
      await natsCaFile?.read();
    };
    write('ca', second.cert.slice(0, 200));
    await settle();
    expect(natsCaFile?.current).toBe(first.cert);
    expect(natsCaFile?.refused).toBe(`NATS_CA_FILE ${path}: is cut off, or not PEM`);
    write('ca', second.cert);
    await settle();
    expect(natsCaFile?.current).toBe(second.cert);
  });
});
