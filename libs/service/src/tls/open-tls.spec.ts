import { afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { createLogger, metricsText } from '@orders/instrumentation';
import { createPrivateKey } from 'node:crypto';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { CliError } from '../cli-error.js';
import { CertificateAuthority, CertificateFiles, someMaterial } from '../testing/index.js';
import { openTls } from './open-tls.js';
import type { TlsConfigValues } from './tls-config.js';
import type { TlsMaterial } from './tls-material.js';

const YEAR_MS = 365 * 86_400_000;
const ago = (ms: number) => new Date(Date.now() - ms);

let ca: CertificateAuthority;
let good: TlsMaterial;
let files: CertificateFiles;

beforeAll(async () => {
  ca = await CertificateAuthority.create('a CA');
  good = await someMaterial('orders', ca);
});
beforeEach(async () => (files = await CertificateFiles.create(good)));
afterEach(() => files[Symbol.asyncDispose]());

/** Opens as orders does when it starts. */
async function open(config: TlsConfigValues = files.config) {
  const stops: (() => void)[] = [];
  const logger = createLogger({ name: 'test', level: 'silent' });
  const onStop = (_phase: string, _name: string, step: (signal: AbortSignal) => Promise<void>) =>
    void stops.push(() => void step(new AbortController().signal));
  const identity = await openTls(config, { name: 'orders', logger, onStop }, { isServer: true });
  stops.forEach((stop) => stop());
  return identity;
}

/** Why the start is refused, with the names of the files instead of their paths. */
async function refusal(config?: TlsConfigValues): Promise<string> {
  const error: unknown = await open(config).catch((thrown: unknown) => thrown);
  if (!(error instanceof CliError)) throw new Error('the start was not refused', { cause: error });
  return error.message.replaceAll(`${files.folder}/`, '');
}

it('opens certificates that belong together', async () => {
  const identity = await open();
  expect(identity?.current).toEqual(good);
  expect(identity?.name).toBe('orders');
});

it('is plaintext without the variables', async () => {
  expect(await open({})).toBeUndefined();
});

it.each([
  ['1 with certificates', () => files.config, 1],
  ['0 in plaintext', () => ({}), 0],
])('has a metric that is %s, so that an alert sees a process in plaintext', async (_what, config, value) => {
  await open(config());
  expect(await metricsText()).toMatch(new RegExp(`^tls_enabled ${value}$`, 'm'));
});

it('opens a certificate of an intermediate CA, and expires when the first CA above it does', async () => {
  const notAfter = new Date(Math.floor(Date.now() / 1_000) * 1_000 + 3_600_000);
  const between = await ca.intermediate('between', { notAfter });
  const leaf = await someMaterial('orders', between);
  await files.swap({ ...leaf, cert: leaf.cert + between.cert, ca: ca.cert });
  expect((await open())?.current.notAfter).toEqual(notAfter);
});

it('opens with an expired CA beside that of the certificate', async () => {
  const old = await CertificateAuthority.create('old', { notBefore: ago(YEAR_MS), notAfter: ago(1_000) });
  await files.swap({ ...good, ca: old.cert + good.ca });
  expect((await open())?.current.notAfter).toEqual(good.notAfter);
});

it('names the variables that are missing', async () => {
  expect(await refusal({ tlsCertFile: files.config.tlsCertFile })).toBe(
    'TLS_KEY_FILE: is required: set all of TLS_CERT_FILE, TLS_KEY_FILE, TLS_CA_FILE, or none; ' +
      'TLS_CA_FILE: is required: set all of TLS_CERT_FILE, TLS_KEY_FILE, TLS_CA_FILE, or none',
  );
});

describe('a start is refused', () => {
  const cut = (pem: string) => pem.slice(0, pem.length / 2);

  it.each<[string, () => Promise<Partial<TlsMaterial>> | Partial<TlsMaterial>, string]>([
    ['not PEM', () => ({ cert: 'certificate' }), 'TLS_CERT_FILE tls.crt: is not PEM'],
    ['an empty key', () => ({ key: '\n' }), 'TLS_KEY_FILE tls.key: is empty'],
    ['a cut certificate', () => ({ cert: cut(good.cert) }), 'TLS_CERT_FILE tls.crt: is cut off, or not PEM'],
    ['a cut key', () => ({ key: cut(good.key) }), 'TLS_KEY_FILE tls.key: is cut off, or not PEM'],
    ['a cut second CA', () => ({ ca: good.ca + cut(good.ca) }), 'TLS_CA_FILE ca.crt: is cut off, or not PEM'],
    [
      'a damaged second CA',
      () => ({ ca: good.ca + good.ca.replace(/\n.{20}/, '\nAAAABBBBCCCCDDDDEEEE') }),
      'TLS_CA_FILE ca.crt: has no readable certificate in its block 2',
    ],
    ['a key as CA', () => ({ ca: good.key }), 'TLS_CA_FILE ca.crt: has no certificate'],
    ['a certificate as key', () => ({ key: good.cert }), 'TLS_KEY_FILE tls.key: has no private key'],
    [
      'an encrypted key',
      () => ({
        key: createPrivateKey(good.key).export({
          ...{ type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase: 'secret' },
        }) as string,
      }),
      'TLS_KEY_FILE tls.key: has an encrypted key',
    ],
    [
      'the key of another certificate',
      async () => ({ key: (await someMaterial('orders', ca)).key }),
      'TLS_KEY_FILE tls.key: is not the key of tls.crt',
    ],
    [
      'the certificate of another app',
      () => someMaterial('gateway', ca),
      'TLS_CERT_FILE tls.crt: does not have the DNS name orders',
    ],
    [
      'a certificate for servers alone',
      () => someMaterial('orders', ca, { usages: ['server'] }),
      'TLS_CERT_FILE tls.crt: has an extended key usage without clientAuth',
    ],
    [
      'a certificate for clients alone',
      () => someMaterial('orders', ca, { usages: ['client'] }),
      'TLS_CERT_FILE tls.crt: has an extended key usage without serverAuth',
    ],
    [
      'another CA',
      async () => ({ ca: (await CertificateAuthority.create('a CA')).cert }),
      'TLS_CERT_FILE tls.crt: is not signed by a CA of ca.crt that is valid now',
    ],
    [
      'an intermediate CA without its root',
      async () => {
        const between = await ca.intermediate('between');
        return { ...(await someMaterial('orders', between)), ca: between.cert };
      },
      'TLS_CERT_FILE tls.crt: is not signed by a CA of ca.crt that is valid now',
    ],
    [
      'an expired CA',
      async () => {
        const old = await CertificateAuthority.create('old', {
          notBefore: ago(YEAR_MS),
          notAfter: ago(1_000),
        });
        return someMaterial('orders', old);
      },
      'TLS_CERT_FILE tls.crt: is not signed by a CA of ca.crt that is valid now',
    ],
    [
      'an expired certificate',
      () =>
        someMaterial('orders', ca, {
          notBefore: new Date('2020-01-01'),
          notAfter: new Date('2021-01-01'),
        }),
      'TLS_CERT_FILE tls.crt: expired at 2021-01-01T00:00:00.000Z',
    ],
    [
      'a certificate of tomorrow',
      () =>
        someMaterial('orders', ca, { notBefore: new Date('2090-01-01'), notAfter: new Date('2091-01-01') }),
      'TLS_CERT_FILE tls.crt: is not valid before 2090-01-01T00:00:00.000Z',
    ],
  ])('with %s', async (_what, texts, reason) => {
    await files.swap({ ...good, ...(await texts()) });
    expect(await refusal()).toBe(reason);
  });

  it('with a file that does not exist, and reports the other files too', async () => {
    await rm(files.config.tlsKeyFile);
    await rm(files.config.tlsCaFile);
    await mkdir(files.config.tlsCaFile);
    expect(await refusal()).toBe('TLS_KEY_FILE tls.key: does not exist; TLS_CA_FILE ca.crt: is a folder');
  });

  it('with a file below a file', async () => {
    await writeFile(`${files.folder}/plain`, '');
    expect(await refusal({ ...files.config, tlsKeyFile: `${files.folder}/plain/tls.key` })).toBe(
      'TLS_KEY_FILE plain/tls.key: does not exist',
    );
  });
});
