import { OUTBOX_SCHEMA_V5 } from '@orders/outbox';
import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Replicas of the previous version run on: their role keeps its right to the functions. */
export class OutboxOwner1764700000001 implements MigrationInterface {
  name = 'OutboxOwner1764700000001';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(OUTBOX_SCHEMA_V5);
  }

  /** Migrations only go forward: the next one fixes a mistake. */
  down(): Promise<void> {
    return Promise.reject(new Error('migrations only go forward'));
  }
}
