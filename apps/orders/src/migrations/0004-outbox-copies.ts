import { OUTBOX_SCHEMA_V4 } from '@orders/outbox';
import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Replicas of the previous version run on: only a restore makes them rebase the log, and they do it without the function. */
export class OutboxCopies1764600000001 implements MigrationInterface {
  name = 'OutboxCopies1764600000001';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(OUTBOX_SCHEMA_V4);
  }

  /** Migrations only go forward: the next one fixes a mistake. */
  down(): Promise<void> {
    return Promise.reject(new Error('migrations only go forward'));
  }
}
