import { describe, expect, it } from '@jest/globals';
import { z } from 'zod';
import { classifyFailure, PermanentError } from './failure.js';

const coded = (code: string) => Object.assign(new Error('x'), { code });

describe('classifyFailure', () => {
  it.each([
    ['a permanent error', new PermanentError('never'), 'permanent'],
    ['a schema error', z.string().safeParse(1).error, 'permanent'],
    ['untranslatable_character', coded('22P05'), 'permanent'],
    ['numeric_value_out_of_range', coded('22003'), 'permanent'],
    ['not_null_violation', coded('23502'), 'permanent'],
    ['check_violation', coded('23514'), 'permanent'],
    ['a refused connection', coded('ECONNREFUSED'), 'transient'],
    ['an AggregateError of refused connections', new AggregateError([coded('ECONNREFUSED')]), 'transient'],
    ['admin_shutdown', coded('57P01'), 'transient'],
    ['too_many_connections', coded('53300'), 'transient'],
    ['disk_full', coded('53100'), 'transient'],
    ['deadlock_detected', coded('40P01'), 'transient'],
    ['lock_not_available', coded('55P03'), 'transient'],
    ['a lost connection', new Error('Connection terminated unexpectedly'), 'transient'],
    [
      'a connection lost within a transaction',
      new Error('Database connection provided by a query runner was already released, cannot continue'),
      'transient',
    ],
    ['an error with a transient cause', new Error('query failed', { cause: coded('08006') }), 'transient'],
    ['undefined_column', coded('42703'), 'installation'],
    ['undefined_table', coded('42P01'), 'installation'],
    ['insufficient_privilege', coded('42501'), 'installation'],
    ['invalid_password', coded('28P01'), 'installation'],
    ['unique_violation', coded('23505'), 'unknown'],
    ['a bug', new TypeError('x is undefined'), 'unknown'],
    ['a value that is no error', 'text', 'unknown'],
  ])('%s', (_name, error, expected) => {
    expect(classifyFailure(error)).toBe(expected);
  });
});
