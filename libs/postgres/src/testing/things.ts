import { Secret, type TlsIdentity } from '@orders/service';
import { DataSource, type MigrationInterface, type QueryRunner } from 'typeorm';
import { postgresOptions } from '../postgres.js';
import type { Rights } from '../rights.js';

class Things1700000000001 implements MigrationInterface {
  name = 'Things1700000000001';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query('CREATE SEQUENCE thing_number');
    await runner.query(`CREATE TABLE things (number bigint DEFAULT nextval('thing_number'), at timestamptz)`);
    await runner.query('CREATE FUNCTION forget_things(day date) RETURNS void LANGUAGE sql AS $$$$');
    await runner.query('REVOKE EXECUTE ON FUNCTION forget_things FROM public');
  }

  async down(): Promise<void> {}
}

/** What a small app with one table does. */
export const THINGS_RIGHTS = {
  things: ['SELECT', 'INSERT', 'UPDATE', 'DELETE'],
  thing_number: ['USAGE'],
  'forget_things(date)': ['EXECUTE'],
} as const satisfies Rights;

/** The database of that app, not connected yet. */
export function thingsAt(url: string, tls?: TlsIdentity): DataSource {
  const settings = { url: new Secret(url), tls, poolMax: 2, applicationName: 'things' };
  return new DataSource({ ...postgresOptions(settings), migrations: [Things1700000000001] });
}
