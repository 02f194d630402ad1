import { OUTBOX_SCHEMA_V3 } from '@orders/outbox';
import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Replicas of the previous version run on: they leave the new columns as they are. */
export class OutboxStreamLosses1764500000001 implements MigrationInterface {
  name = 'OutboxStreamLosses1764500000001';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(OUTBOX_SCHEMA_V3);
  }

  /** Migrations only go forward: the next one fixes a mistake. */
  down(): Promise<void> {
    return Promise.reject(new Error('migrations only go forward'));
  }
}
