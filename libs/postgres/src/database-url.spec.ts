import { describe, expect, it } from '@jest/globals';
import { databaseUrl, urlsOfHosts } from './database-url.js';

describe('the URL of a database', () => {
  it.each([
    'postgres://u:p@h/db',
    'postgresql://h:5433/db?sslmode=verify-full&sslrootcert=/ca.pem',
    'postgres:///db?host=/var/run/postgresql&user=u',
    'postgres://u:p@a:5432,b:5433/db?target_session_attrs=read-write',
  ])('may be %s', (text) => {
    expect(databaseUrl().parse(text).reveal()).toBe(text);
  });

  it.each([
    ['mysql://h/db', 'must be a URL'],
    ['postgres://a,b:x/db', 'must be a URL'],
    ['postgres://a,/db', 'empty host'],
    ['postgres://h/db?statement_timeout=0', 'must not have the parameter statement_timeout'],
    ['postgres://h/db?options=-c%20fsync=off', 'must not have the parameter options'],
    ['postgres://h/db?max=50', 'must not have the parameter max'],
    ['postgres://a,b/db?target_session_attrs=any', 'target_session_attrs must be read-write or primary'],
  ])('must not be %s', (text, problem) => {
    expect(() => databaseUrl().parse(text)).toThrow(problem);
  });

  it('is taken apart into one for each host', () => {
    expect(urlsOfHosts('postgres://u:p@a:1,[::1]:2/db?sslmode=disable')).toEqual([
      'postgres://u:p@a:1/db?sslmode=disable',
      'postgres://u:p@[::1]:2/db?sslmode=disable',
    ]);
  });
});
