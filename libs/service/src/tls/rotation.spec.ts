import { afterEach, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { metricsText } from '@orders/instrumentation';
import { rm, truncate, writeFile } from 'node:fs/promises';
import { pino } from 'pino';
import { CertificateAuthority, CertificateFiles, someMaterial } from '../testing/index.js';
import { Rotation } from './rotation.js';
import { TlsIdentity } from './tls-identity.js';
import type { TlsMaterial } from './tls-material.js';

let ca: CertificateAuthority;
let first: TlsMaterial;
let next: TlsMaterial;
let files: CertificateFiles;
let identity: TlsIdentity;
let rotation: Rotation;
let lines: { level: number; msg: string; reason?: string }[];
/** The materials that listeners were given. */
let published: TlsMaterial[];

beforeAll(async () => {
  ca = await CertificateAuthority.create('a CA');
  first = await someMaterial('orders', ca);
  next = await someMaterial('orders', ca);
});

beforeEach(async () => {
  files = await CertificateFiles.create(first);
  const { tlsCertFile: cert, tlsKeyFile: key, tlsCaFile } = files.config;
  identity = new TlsIdentity('orders', first);
  published = [];
  identity.onChange((material) => published.push(material));
  lines = [];
  const write = (line: string) => void lines.push(JSON.parse(line) as (typeof lines)[number]);
  rotation = new Rotation(identity, { cert, key, ca: tlsCaFile }, pino({ level: 'info' }, { write }));
});

afterEach(() => files[Symbol.asyncDispose]());

/** As many readings as the rotation needs to take what it finds. */
async function settle(): Promise<void> {
  await rotation.read();
  await rotation.read();
}

/** What was logged of files that cannot be used, with their names instead of their paths. */
function refusals(): string[] {
  return lines
    .filter(({ level }) => level === 50)
    .map(({ reason = '' }) => reason.replaceAll(`${files.folder}/`, ''));
}

async function refusedMetric(): Promise<string | undefined> {
  return /^tls_rotation_refused .*$/m.exec(await metricsText())?.[0];
}

it('says nothing while nothing changes', async () => {
  await settle();
  expect({ lines, published }).toEqual({ lines: [], published: [] });
});

it('takes a set whose symbolic link was swapped, and logs one line', async () => {
  await files.swap(next);
  await settle();
  await settle();
  expect(published).toEqual([next]);
  expect(identity.current).toEqual(next);
  expect(lines.map(({ msg }) => msg)).toEqual(['new certificates are in use']);
});

it('takes a set that was written in place', async () => {
  await writeFile(files.config.tlsCertFile, next.cert);
  await rotation.read();
  await writeFile(files.config.tlsKeyFile, next.key);
  await settle();
  expect({ published, refusals: refusals() }).toEqual({ published: [next], refusals: [] });
});

it('does not take a CA file that is being written', async () => {
  const other = await CertificateAuthority.create('another CA');
  const both = { ...first, ca: other.cert + ca.cert };
  await writeFile(files.config.tlsCaFile, other.cert);
  await rotation.read();
  await writeFile(files.config.tlsCaFile, both.ca);
  await settle();
  expect({ published, refusals: refusals() }).toEqual({ published: [both], refusals: [] });
});

describe('keeps what it has and logs one line', () => {
  it.each<[string, () => Promise<void>, string]>([
    [
      'when the key is that of another certificate',
      () => files.swap({ ...next, key: first.key }),
      'TLS_KEY_FILE tls.key: is not the key of tls.crt',
    ],
    [
      'when the CA file was cut',
      () => truncate(files.config.tlsCaFile, 200),
      'TLS_CA_FILE ca.crt: is cut off, or not PEM',
    ],
    ['when a file is gone', () => rm(files.config.tlsKeyFile), 'TLS_KEY_FILE tls.key: does not exist'],
    [
      'when the CA is replaced before the certificate',
      async () => files.swap({ ...first, ca: (await CertificateAuthority.create('new')).cert }),
      'TLS_CERT_FILE tls.crt: is not signed by a CA of ca.crt that is valid now',
    ],
    [
      'when the certificate expired long ago',
      async () => {
        const times = { notBefore: new Date('2020-01-01'), notAfter: new Date('2021-01-01') };
        await files.swap(await someMaterial('orders', ca, times));
      },
      'TLS_CERT_FILE tls.crt: expired at 2021-01-01T00:00:00.000Z',
    ],
  ])('%s', async (_when, spoil, reason) => {
    await spoil();
    await settle();
    await settle();
    expect({ published, refusals: refusals() }).toEqual({ published: [], refusals: [reason] });
    expect(await refusedMetric()).toBe('tls_rotation_refused 1');
  });

  it('again when the problem is another one', async () => {
    await files.swap({ ...next, key: first.key });
    await settle();
    await files.swap({ ...next, key: '' });
    await settle();
    expect(refusals()).toEqual([
      'TLS_KEY_FILE tls.key: is not the key of tls.crt',
      'TLS_KEY_FILE tls.key: is empty',
    ]);
  });

  it('until the files are good again', async () => {
    await files.swap({ ...next, key: first.key });
    await settle();
    await files.swap(next);
    await settle();
    expect(published).toEqual([next]);
    expect(await refusedMetric()).toBe('tls_rotation_refused 0');
  });
});

describe('as time goes by', () => {
  beforeEach(() => void jest.useFakeTimers({ doNotFake: ['nextTick', 'setImmediate', 'setTimeout'] }));
  afterEach(() => void jest.useRealTimers());

  it('takes a certificate from the time on when it is valid', async () => {
    const tomorrow = new Date(Date.now() + 86_400_000);
    await files.swap(await someMaterial('orders', ca, { notBefore: tomorrow }));
    await settle();
    expect(published).toEqual([]);
    jest.setSystemTime(Date.now() + 86_401_000);
    await rotation.read();
    expect(published).toHaveLength(1);
  });

  it('logs that the certificate in use has expired, also while the files of the next one are refused', async () => {
    await files.swap({ ...next, key: first.key });
    await settle();
    jest.setSystemTime(first.notAfter.getTime() + 10_000);
    await settle();
    expect(lines.map(({ msg }) => msg)).toContain('the certificate in use has expired: peers refuse it');
  });

  it('logs once that the certificate in use has expired, and counts on below 0', async () => {
    jest.setSystemTime(first.notAfter.getTime() + 10_000);
    await settle();
    await settle();
    expect(lines.map(({ msg }) => msg)).toEqual(['the certificate in use has expired: peers refuse it']);
    expect(await metricsText()).toMatch(/^tls_certificate_expiry_seconds -10$/m);
  });
});
