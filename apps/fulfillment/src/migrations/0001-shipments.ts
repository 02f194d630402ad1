import { INBOX_SCHEMA_V1 } from '@orders/inbox';
import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * `sequence` is the highest sequence applied, so that events may arrive in any order. `events_applied` counts the events
 * applied: a number above that of the order's events shows an event that took effect twice.
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

  /** Migrations only go forward: the next one fixes a mistake. */
  down(): Promise<void> {
    return Promise.reject(new Error('migrations only go forward'));
  }
}
