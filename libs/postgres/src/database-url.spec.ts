import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { rootCertificates } from 'node:tls';
import { databaseUrl, parseDatabaseUrl } from './database-url.js';

const folder = mkdtempSync(join(tmpdir(), 'database-url-'));
const file = (name: string) => join(folder, name);
const [someCa = ''] = rootCertificates;

beforeAll(() => {
  writeFileSync(file('ca.pem'), someCa);
  writeFileSync(file('text.pem'), 'not a certificate');
  writeFileSync(file('cut.pem'), `${someCa}\n${someCa.slice(0, 400)}`);
  writeFileSync(file('garbage.pem'), someCa.replaceAll(/[a-z]/g, 'A'));
});
afterAll(() => rmSync(folder, { recursive: true }));

describe('the URL of a database', () => {
  it.each([
    'postgres://u:p@h/db',
    'postgresql://h:5433/db?sslmode=require',
    'postgres://h/db?sslmode=verify-full&sslrootcert=system&sslnegotiation=direct',
    'postgres:///db?host=/var/run/postgresql&user=u',
    'postgres://u:p@a:5432,b:5433/db?target_session_attrs=read-write',
    `postgres://h/db?sslmode=verify-ca&sslrootcert=${file('ca.pem')}`,
  ])('may be %s', (text) => {
    expect(databaseUrl().parse(text).reveal()).toBe(text);
  });

  it.each([
    ['mysql://h/db', 'must be a URL'],
    ['postgres://a,b:x/db', 'must be a URL'],
    ['postgres://a,/db', 'empty host'],
    ['postgres://a,b/db?target_session_attrs=any', 'which must be read-write or primary'],
    // What would win over the app's own.
    ['postgres://h/db?statement_timeout=0', 'must not have the parameter statement_timeout'],
    ['postgres://h/db?lock_timeout=0', 'must not have the parameter lock_timeout'],
    [
      'postgres://h/db?idle_in_transaction_session_timeout=0',
      'must not have the parameter idle_in_transaction_session_timeout',
    ],
    ['postgres://h/db?query_timeout=0', 'must not have the parameter query_timeout'],
    ['postgres://h/db?application_name=me', 'must not have the parameter application_name'],
    ['postgres://h/db?options=-c%20fsync=off', 'must not have the parameter options'],
    ['postgres://h/db?max=50', 'must not have the parameter max'],
    ['postgres://h/db?replication=database', 'must not have the parameter replication'],
    ['postgres://h/db?color=red', 'has an unknown parameter'],
    ['postgres://u:p%ff@h/db', 'has a % that begins no percent-encoding'],
    // About TLS.
    ['postgres://h/db?sslmode=prefer', 'which must be disable or require or verify-ca or verify-full'],
    ['postgres://h/db?sslmode=no-verify', 'has sslmode=no-verify'],
    ['postgres://h/db?sslmode=disable&sslmode=verify-full', 'the parameter sslmode more than once'],
    ['postgres://h/db?ssl=true', 'must not have the parameter ssl: use sslmode'],
    ['postgres://h/db?uselibpqcompat=true', 'sslmode means what it means to libpq'],
    ['postgres://h/db?sslcert=/c.pem', 'the client certificate is that of TLS_CERT_FILE'],
    ['postgres://h/db?sslkey=/k.pem', 'the key is that of TLS_KEY_FILE'],
    ['postgres://h/db?sslnegotiation=direct', 'needs an sslmode other than disable'],
    ['postgres://h/db?sslmode=require&sslrootcert=system', 'needs sslmode=verify-full'],
  ])('must not be %s', (text, problem) => {
    expect(() => databaseUrl().parse(text)).toThrow(problem);
  });

  it.each(['postgres://u:12?hunter2@h/db', 'postgres://h/db?user=u&password=ab&hunter2'])(
    'that is refused tells nothing of a password: %s',
    (text) => {
      const result = databaseUrl().safeParse(text);
      expect(JSON.stringify(result.error?.issues)).not.toContain('hunter2');
      expect(result.success).toBe(false);
    },
  );

  it.each([
    ['missing.pem', 'does not exist'],
    ['.', 'is a folder'],
    ['text.pem', 'is not PEM'],
    ['cut.pem', 'is cut off, or not PEM'],
    ['garbage.pem', 'has no readable certificate in its block 1'],
  ])('must not name a file of CAs such as %s', (name, reason) => {
    const url = `postgres://h/db?sslmode=verify-ca&sslrootcert=${file(name)}`;
    expect(() => databaseUrl().parse(url)).toThrow(`sslrootcert ${file(name)}: ${reason}`);
  });

  it('is taken apart into one for each host; what it says about TLS is not left to pg', () => {
    const text = 'postgres://u:p@a:1,[::1]:2/db?sslmode=verify-full&user=o&sslrootcert=system';
    expect(parseDatabaseUrl(text)).toEqual({
      hosts: ['postgres://u:p@a:1/db?user=o', 'postgres://u:p@[::1]:2/db?user=o'],
      tls: { mode: 'verify-full', rootCertificate: 'system', negotiation: 'postgres' },
    });
  });

  it('of a socket of this machine never demands TLS', () => {
    const { tls } = parseDatabaseUrl('postgres:///db?host=/run/postgresql&sslmode=verify-full');
    expect(tls.mode).toBe('disable');
  });
});
