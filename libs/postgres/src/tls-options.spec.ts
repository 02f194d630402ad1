import { afterAll, describe, expect, it } from '@jest/globals';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { rootCertificates } from 'node:tls';
import { DatabaseUrl } from './database-url.js';
import { tlsOptions } from './tls-options.js';

const folder = mkdtempSync(join(tmpdir(), 'tls-options-'));
const caFile = join(folder, 'ca.pem');
const [firstCa = '', secondCa = ''] = rootCertificates;
writeFileSync(caFile, firstCa);
afterAll(() => rmSync(folder, { recursive: true }));

const identity = {
  current: { cert: 'a certificate', key: 'its key', ca: 'our CA', notAfter: new Date('2030-01-01') },
};

type Mode = Parameters<typeof tlsOptions>[0]['mode'];

/** What is verified of the server, by the CAs that are there. */
function verified(mode: Mode, cas: { sslrootcert?: string; identity?: typeof identity }) {
  const demand = { mode, rootCertificate: cas.sslrootcert, negotiation: 'postgres' } as const;
  const options = tlsOptions(demand, cas.identity);
  if (options === false) return 'no TLS';
  if (!options.rejectUnauthorized) return 'nothing';
  return options.checkServerIdentity ? 'CA' : 'CA and name';
}

const CAS = {
  'no CA': {},
  TLS_CA_FILE: { identity },
  sslrootcert: { sslrootcert: caFile },
  both: { sslrootcert: caFile, identity },
  'sslrootcert=system': { sslrootcert: 'system' },
};

describe('sslmode', () => {
  it.each([
    ['disable', 'both', 'no TLS'],
    ['require', 'no CA', 'nothing'],
    ['require', 'sslrootcert', 'CA'],
    ['require', 'TLS_CA_FILE', 'CA'],
    ['verify-ca', 'sslrootcert', 'CA'],
    ['verify-ca', 'TLS_CA_FILE', 'CA'],
    ['verify-full', 'sslrootcert', 'CA and name'],
    ['verify-full', 'TLS_CA_FILE', 'CA and name'],
    ['verify-full', 'sslrootcert=system', 'CA and name'],
    [undefined, 'no CA', 'no TLS'],
    [undefined, 'sslrootcert', 'CA and name'],
    [undefined, 'TLS_CA_FILE', 'CA and name'],
  ] as const)('%s with %s verifies: %s', (mode, cas, what) => {
    expect(verified(mode, CAS[cas])).toBe(what);
  });

  it.each(['verify-ca', 'verify-full'] as const)('%s without a CA is refused in one line', (mode) => {
    expect(() => verified(mode, {})).toThrow(
      `sslmode=${mode} in the URL of the database needs a CA: set TLS_CA_FILE, or sslrootcert in the URL`,
    );
  });
});

describe('the certificates of a connection', () => {
  it('are those of the moment when it is made', () => {
    const own = { current: identity.current };
    const options = tlsOptions({ negotiation: 'postgres' }, own);
    const { notAfter, ...pems } = identity.current;
    expect(options).toMatchObject(pems);
    const others = { cert: 'another', key: 'another', ca: 'another' };
    own.current = { ...others, notAfter };
    expect(options).toMatchObject(others);
  });

  it('are verified by the file that the URL names, as it is then, or was when it was good', async () => {
    const url = new DatabaseUrl(`postgres://h/db?sslrootcert=${caFile}`, 'DATABASE_URL');
    const demand = { rootCertificate: caFile, negotiation: 'postgres' } as const;
    const options = tlsOptions(demand, identity, url.rootCertificates);
    expect(options).toMatchObject({ ca: firstCa });
    const change = async (text: string) => {
      writeFileSync(caFile, text);
      await url.rootCertificates?.read();
      await url.rootCertificates?.read();
    };
    await change(secondCa);
    expect(options).toMatchObject({ ca: secondCa });
    await change(secondCa.slice(0, 300));
    expect(options).toMatchObject({ ca: secondCa });
    expect(url.rootCertificates?.refused).toBe(`DATABASE_URL ${caFile}: is cut off, or not PEM`);
  });
});
