import { createMigratedDatabase, type TestDatabase } from '@orders/postgres/testing';
import { Secret } from '@orders/service';
import type { DataSource } from 'typeorm';
import { dataSource as openDataSource } from '../app.js';
import { PostgresOrdersRepository } from '../orders/postgres-orders.repository.js';
import { someNewOrder } from './fixtures.js';

/** A database with the schema of orders, and a repository that uses it. */
export class StoredOrders implements AsyncDisposable {
  /** How often the repository has reported appends to the outbox. */
  appended = 0;
  readonly repository: PostgresOrdersRepository;

  private constructor(
    readonly db: TestDatabase,
    /** What the repository uses: at most 10 connections, with the application name `test`. */
    readonly dataSource: DataSource,
  ) {
    this.repository = new PostgresOrdersRepository(dataSource, () => (this.appended += 1));
  }

  static async open(): Promise<StoredOrders> {
    const { db, dataSource } = await createMigratedDatabase((url) =>
      openDataSource({ url: new Secret(url), poolMax: 10, applicationName: 'test' }),
    );
    return new StoredOrders(db, dataSource);
  }

  async clear(): Promise<void> {
    await this.db.query('TRUNCATE orders, outbox');
  }

  /** The ids of the orders stored. */
  ids(): Promise<{ id: string }[]> {
    return this.db.query('SELECT id FROM orders');
  }

  /** The events in the outbox, in its order: `type subject sequence`. */
  async events(): Promise<string[]> {
    const rows = await this.db.query<{ event: string }[]>(`
      SELECT concat_ws(' ', headers->>'ce-type', headers->>'ce-subject', (headers->>'ce-sequence')::int) AS event
      FROM outbox ORDER BY tx, position`);
    return rows.map(({ event }) => event);
  }

  /** Runs `meanwhile` while another transaction, rolled back afterwards, holds alice's key `k`. */
  async whileKeyIsHeld(meanwhile: () => Promise<void>): Promise<void> {
    const rollback = new Error('rolled back');
    const held = this.db.transaction(async (tx) => {
      await tx.query(`INSERT INTO orders SELECT $1, 'alice', 'k', '', '[]', 0, 'CREATED', 1, now()`, [
        someNewOrder().order.id,
      ]);
      await meanwhile();
      throw rollback;
    });
    await held.catch((error: unknown) => {
      if (error !== rollback) throw error;
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.db[Symbol.asyncDispose]();
  }
}
