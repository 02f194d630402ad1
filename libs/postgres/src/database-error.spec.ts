import { describe, expect, it } from '@jest/globals';
import { isInstallationFault, isRefusedValue, isTransientDatabaseError } from './database-error.js';

const withCode = (code: string) => Object.assign(new Error('as Postgres says it'), { code });
const classOf = (error: unknown) =>
  isTransientDatabaseError(error) ? 'passes' : isInstallationFault(error) ? 'lasts' : 'neither';

describe('the fault of an installation', () => {
  it.each([
    ['08006', 'passes'],
    ['25006', 'passes'],
    ['40001', 'passes'],
    ['53100', 'passes'],
    ['55P03', 'passes'],
    ['57014', 'passes'],
    ['57P01', 'passes'],
    ['ECONNREFUSED', 'passes'],
    ['0A000', 'lasts'],
    ['26000', 'passes'],
    ['28000', 'lasts'],
    ['28P01', 'lasts'],
    ['3D000', 'lasts'],
    ['42501', 'lasts'],
    ['42601', 'lasts'],
    ['42703', 'lasts'],
    ['42883', 'lasts'],
    ['42P01', 'lasts'],
    ['42P10', 'lasts'],
    ['55000', 'lasts'],
    ['58030', 'lasts'],
    ['F0000', 'lasts'],
    ['XX001', 'lasts'],
    ['DEPTH_ZERO_SELF_SIGNED_CERT', 'lasts'],
    ['CERT_HAS_EXPIRED', 'lasts'],
    ['UNABLE_TO_VERIFY_LEAF_SIGNATURE', 'lasts'],
    ['ERR_TLS_CERT_ALTNAME_INVALID', 'lasts'],
    ['ERR_SSL_SSL/TLS_ALERT_CERTIFICATE_EXPIRED', 'lasts'],
    ['22P02', 'neither'],
    ['23502', 'neither'],
    ['23503', 'neither'],
    ['54000', 'neither'],
    ['P0001', 'neither'],
    ['XX000', 'neither'],
    ['ERR_INVALID_ARG_TYPE', 'neither'],
  ])('with the code %s %s', (code, expected) => {
    expect(classOf(withCode(code))).toBe(expected);
  });

  it('may have no code', () => {
    expect(classOf(new Error('Connection terminated unexpectedly'))).toBe('passes');
    expect(classOf(new Error('SASL: SCRAM-SERVER-FIRST-MESSAGE: client password must be a string'))).toBe(
      'lasts',
    );
    expect(classOf(new TypeError('undefined is not a function'))).toBe('neither');
    expect(classOf('57P01')).toBe('neither');
  });

  it('is found behind another error, and among those of several addresses', () => {
    expect(classOf(new Error('rolled back', { cause: withCode('42501') }))).toBe('lasts');
    expect(classOf(new AggregateError([new Error('no'), withCode('ECONNREFUSED')]))).toBe('passes');
  });

  it.each(['22P02', '23502', '23514'])('is not what refuses a value (%s)', (code) => {
    expect(isRefusedValue(withCode(code))).toBe(true);
    expect(isInstallationFault(withCode(code))).toBe(false);
  });
});
