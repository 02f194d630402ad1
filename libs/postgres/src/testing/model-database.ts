import type { Queryable, TransactionRunner } from '../queryable.js';
import { runStatement } from './model-statements.js';
import { ModelTables } from './model-tables.js';
import type { ModelTransaction } from './model-transaction.js';
import { ConnectionLost, directWire, type Wire } from './wire.js';

/**
 * An in-memory model of Postgres that runs the statements of outbox, inbox and dead letters. It has the properties that
 * delivery depends on: transactions are atomic, an insert waits for a running one of the same unique key, and a running
 * transaction holds back the horizon of the log. outbox-conformance.ts and inbox-conformance.ts test this.
 */
export class ModelDatabase extends ModelTables {
  /** Opens a connection; each process has its own. */
  connect(wire: Wire = directWire): ModelConnection {
    return new ModelConnection(this, wire);
  }
}

/** A connection of a process to the model database. */
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

  /** All committed rows of a table. */
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

  /** The process has crashed: the server rolls back its open transactions. */
  close(): void {
    for (const tx of this.open) tx.end('aborted');
  }
}

/** The transaction that a connection passes to its `work`. */
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

  /** Inserts a row into any table, without SQL; false when the key exists. */
  insert(table: string, key: string, row: unknown): Promise<boolean> {
    return this.wire(`INSERT INTO ${table}`, () => {
      assertRunning(this.tx);
      this.database.xidOf(this.tx);
      return this.database.table(table).insert(this.tx, key, row);
    });
  }

  /** Like SELECT … FOR UPDATE: others that want the same lock wait until the transaction ends. */
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
