import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * `missing_before` is how many events were missing before the last one was applied: RETURNING shows the old row only from
 * Postgres 18 on. Replicas of the previous version leave it as it is.
 */
export class MissingBefore1764500000001 implements MigrationInterface {
  name = 'MissingBefore1764500000001';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query('ALTER TABLE shipments ADD COLUMN missing_before integer NOT NULL DEFAULT 0');
  }

  /** Migrations only go forward: the next one fixes a mistake. */
  down(): Promise<void> {
    return Promise.reject(new Error('migrations only go forward'));
  }
}
