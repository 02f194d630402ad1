import { OUTBOX_SCHEMA_V1 } from '@orders/outbox';
import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * Items are a column of their order (one aggregate, one row): nothing reads them alone, and no foreign key has to be
 * checked. The unique constraint guarantees one order for each (customer, idempotency key), for ever.
 */
export class Orders1763800000001 implements MigrationInterface {
  name = 'Orders1763800000001';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      CREATE TABLE orders (
        id              uuid        PRIMARY KEY,
        customer_id     text        NOT NULL,
        idempotency_key text        NOT NULL,
        request_hash    bytea       NOT NULL,
        items           jsonb       NOT NULL,
        total_cents     bigint      NOT NULL CHECK (total_cents BETWEEN 0 AND 9007199254740991),
        status          text        NOT NULL CHECK (status IN ('PENDING', 'CREATED', 'CANCELED')),
        version         integer     NOT NULL,
        created_at      timestamptz NOT NULL,
        UNIQUE (customer_id, idempotency_key)
      );
      CREATE INDEX orders_customer_newest ON orders (customer_id, id DESC);
    `);
    await queryRunner.query(OUTBOX_SCHEMA_V1);
  }

  /** Migrations only go forward: the next one fixes a mistake. */
  down(): Promise<void> {
    return Promise.reject(new Error('migrations only go forward'));
  }
}
