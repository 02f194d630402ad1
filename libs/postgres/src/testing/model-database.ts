import type { Queryable, TransactionRunner } from '../queryable.js';
import { runStatement } from './model-statements.js';
import { ModelTables } from './model-tables.js';
import type { ModelTransaction } from './model-transaction.js';
import { ConnectionLost, directWire, type Wire } from './wire.js';

/**
 * A database in memory that answers the statements of outbox, inbox and dead letters as Postgres does, as far as
 * delivery depends on it: transactions are atomic, unique keys wait for each other, a running transaction holds
 * back the horizon of the log. outbox-conformance.ts and inbox-conformance.ts hold it to that.
 */
export class ModelDatabase extends ModelTables {
  /** One connection; each process has its own. */
  connect(wire: Wire = directWire): ModelConnection {
    return new ModelConnection(this, wire);
  }
}

/** What a process sees of the database. */
export class ModelConnection implements Queryable, TransactionRunner {
  private readonly open = new Set<ModelTransaction>();

  constructor(
    private readonly database: ModelDatabase,
    private readonly wire: Wire,
  ) {}

  query<Rows>(sql: string, parameters: unknown[] = []): Promise<Rows> {
    return this.wire(nameOf(sql), async () => {
      const tx = this.database.begin();
      try {
        const rows = await runStatement(this.database, tx, { sql, parameters });
        tx.end('committed');
        return rows as Rows;
      } finally {
        tx.end('aborted');
      }
    });
  }

  /** All rows of a table that are committed. */
  rows<Row>(table: string): Promise<Row[]> {
    return this.wire(`SELECT FROM ${table}`, () => this.database.table<Row>(table).rows());
  }

  async transaction<T>(work: (tx: ModelSession) => Promise<T>): Promise<T> {
    const tx = this.database.begin();
    this.open.add(tx);
    try {
      const result = await work(new ModelSession(this.database, this.wire, tx));
      await this.wire('COMMIT', () => {
        assertRunning(tx);
        tx.end('committed');
      });
      return result;
    } finally {
      tx.end('aborted');
      this.open.delete(tx);
    }
  }

  /** The process is gone: the server rolls back what it had open. */
  close(): void {
    for (const tx of this.open) tx.end('aborted');
  }
}

/** A transaction as the process that runs it has it in hand. */
export class ModelSession implements Queryable {
  constructor(
    private readonly database: ModelDatabase,
    private readonly wire: Wire,
    private readonly tx: ModelTransaction,
  ) {}

  query<Rows>(sql: string, parameters: unknown[] = []): Promise<Rows> {
    return this.wire(nameOf(sql), async () => {
      assertRunning(this.tx);
      return (await runStatement(this.database, this.tx, { sql, parameters })) as Rows;
    });
  }

  /** Inserts into a table that no statement of this lib knows; false when the key is taken. */
  insert(table: string, key: string, row: unknown): Promise<boolean> {
    return this.wire(`INSERT INTO ${table}`, () => {
      assertRunning(this.tx);
      this.database.xidOf(this.tx);
      return this.database.table(table).insert(this.tx, key, row);
    });
  }

  /** As SELECT … FOR UPDATE: until the transaction ends, whoever else wants the same lock waits. */
  lock(key: string): Promise<void> {
    return this.wire(`lock ${key}`, () => this.database.lock(this.tx, key));
  }

  /** The rows of a table that the transaction sees. */
  rows<Row>(table: string): Promise<Row[]> {
    return this.wire(`SELECT FROM ${table}`, () => this.database.table<Row>(table).rows(this.tx));
  }
}

function assertRunning(tx: ModelTransaction): void {
  if (tx.state !== 'running') throw new ConnectionLost('the transaction is gone with its connection');
}

function nameOf(sql: string): string {
  return sql.trimStart().split(/\s+/, 3).join(' ');
}
