import { OUTBOX_SCHEMA_V2 } from '@orders/outbox';
import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Replicas that still run the version before this one are told of new events by their polling alone. */
export class OutboxWithoutNotify1764000000001 implements MigrationInterface {
  name = 'OutboxWithoutNotify1764000000001';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(OUTBOX_SCHEMA_V2);
  }

  /** Forward only: a mistake is mended by the next migration. */
  down(): Promise<void> {
    return Promise.reject(new Error('migrations only go forward'));
  }
}
