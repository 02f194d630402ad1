import { expect, it } from '@jest/globals';
import { ensureDatabases, withDatabase } from './databases.ts';

it('another database of the same server keeps user, password, port and options', () => {
  expect(withDatabase('postgres://me:pw@db:6432/main?sslmode=require', 'orders')).toBe(
    'postgres://me:pw@db:6432/orders?sslmode=require',
  );
});

it('a server that cannot be reached is named without its password', async () => {
  const error: unknown = await ensureDatabases('postgres://me:secret@127.0.0.1:1/main', ['orders']).catch(
    (e: unknown) => e,
  );
  expect(String(error)).toMatch(
    /Postgres at postgres:\/\/me@127\.0\.0\.1:1\/main cannot be used: .*ECONNREFUSED/,
  );
});
