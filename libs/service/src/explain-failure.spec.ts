import { describe, expect, it } from '@jest/globals';
import { CliError } from './cli-error.js';
import { ConfigError } from './config.js';
import { explainFailure } from './explain-failure.js';

const coded = (code: string, message: string) => Object.assign(new Error(message), { code });
const named = (name: string, code: string, message: string) => Object.assign(coded(code, message), { name });
const refused = (address: string) => coded('ECONNREFUSED', `connect ECONNREFUSED ${address}`);
const bothRefused = Object.assign(new AggregateError([refused('::1:5432'), refused('127.0.0.1:5432')]), {
  code: 'ECONNREFUSED',
});

describe('a command that fails tells in one line what is wrong and what to do', () => {
  it.each<[string, unknown, RegExp]>([
    ['wrong usage', new CliError('--rate x: must be a rate'), /^--rate x: must be a rate$/],
    [
      'the environment',
      new ConfigError(['A: is required', 'B: no']),
      /^A: is required; B: no \(environment\)$/,
    ],
    [
      'a wrong password',
      coded('28P01', 'password authentication failed for user "a"'),
      /user "a" \(28P01\): check user/,
    ],
    [
      'no entry in pg_hba.conf',
      coded('28000', 'no pg_hba.conf entry'),
      /\(28000\): check user .* pg_hba\.conf/,
    ],
    [
      'no password',
      new Error('SASL: SCRAM-SERVER-FIRST-MESSAGE: no password'),
      /^The database .* check user/,
    ],
    [
      'no such database',
      coded('3D000', 'database "x" does not exist'),
      /"x" does not exist \(3D000\): create it/,
    ],
    ['another database', coded('42P01', 'relation "orders" does not exist'), /is it migrated\?$/],
    [
      'a certificate that has expired',
      named('TlsFailure', 'CERT_HAS_EXPIRED', 'Postgres: the certificate of the server has expired'),
      /the server has expired \(CERT_HAS_EXPIRED\): check sslmode/,
    ],
    [
      'a server without TLS',
      named('TlsFailure', '', 'Postgres: the server has TLS off'),
      /the server has TLS off: check sslmode/,
    ],
    [
      'no host that takes writes',
      named('NoWritableHost', '08001', 'no host of the URL takes writes: a:5432: read-only'),
      /a:5432: read-only \(08001\): check the hosts/,
    ],
    [
      'a server that is down',
      refused('127.0.0.1:5432'),
      /connect ECONNREFUSED 127\.0\.0\.1:5432: check DATABASE_URL/,
    ],
    ['a name with two addresses', bothRefused, /::1:5432; connect ECONNREFUSED 127\.0\.0\.1:5432: check/],
    [
      'a name that is unknown',
      coded('ENOTFOUND', 'getaddrinfo ENOTFOUND db'),
      /ENOTFOUND db: check DATABASE_URL/,
    ],
    [
      'a server that stops',
      coded('57P01', 'terminating connection'),
      /\(57P01\): check DATABASE_URL, and that/,
    ],
    ['a frozen server', new Error('timeout expired'), /^The database cannot be used: timeout expired: check/],
  ])('%s', (_what, error, line) => {
    const printed = explainFailure(error);
    expect(printed).toMatch(line);
    expect(printed).not.toContain('\n');
  });

  it.each([new TypeError('x is not a function'), coded('23505', 'duplicate key'), 'text'])(
    'but not a bug: %s',
    (error) => {
      expect(explainFailure(error)).toBeUndefined();
    },
  );
});
