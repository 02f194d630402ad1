import { INBOX_SCHEMA_V1 } from '@orders/inbox';
import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * `sequence` is that of the newest event seen, so that events may come in any order. `events_applied` counts them:
 * more than the order has had would be a broken promise, and is there for everybody to see.
 */
export class Shipments1763800000001 implements MigrationInterface {
  name = 'Shipments1763800000001';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      CREATE TABLE shipments (
        order_id       uuid        PRIMARY KEY,
        customer_id    text        NOT NULL,
        items          jsonb       NOT NULL,
        units          integer     NOT NULL,
        total_cents    bigint      NOT NULL,
        status         text        NOT NULL CHECK (status IN ('PLANNED', 'CANCELED')),
        sequence       integer     NOT NULL,
        events_applied integer     NOT NULL DEFAULT 1,
        planned_at     timestamptz NOT NULL DEFAULT now(),
        updated_at     timestamptz NOT NULL DEFAULT now()
      );
    `);
    await queryRunner.query(INBOX_SCHEMA_V1);
  }

  /** Forward only: a mistake is mended by the next migration. */
  down(): Promise<void> {
    return Promise.reject(new Error('migrations only go forward'));
  }
}
