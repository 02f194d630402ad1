import { OUTBOX_SCHEMA_V2 } from '@orders/outbox';
import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Replicas of the previous version find new events by polling alone until they are replaced. */
export class OutboxWithoutNotify1764000000001 implements MigrationInterface {
  name = 'OutboxWithoutNotify1764000000001';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(OUTBOX_SCHEMA_V2);
  }

  /** Migrations only go forward: the next one fixes a mistake. */
  down(): Promise<void> {
    return Promise.reject(new Error('migrations only go forward'));
  }
}
