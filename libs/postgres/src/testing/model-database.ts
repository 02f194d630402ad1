import type { Queryable, TransactionRunner } from '../queryable.js';
import { runStatement } from './model-statements.js';
import { ModelTable, ModelTransaction } from './model-transaction.js';
import { ConnectionLost, directWire, type Wire } from './wire.js';

export interface LogRow {
  readonly xid: number;
  readonly position: number;
  readonly event_id: string;
  readonly subject: string;
  readonly headers: Record<string, string>;
  readonly body: string;
}

export interface CursorRow {
  readonly xid: number;
  readonly position: number;
  readonly owner: string | undefined;
  readonly leaseUntil: number;
  readonly stream: string | undefined;
  readonly streamSequence: number;
}

export interface CheckpointRow {
  readonly notedAt: number;
  readonly xid: number;
  readonly position: number;
  readonly stream: string | undefined;
  readonly streamSequence: number;
}

/**
 * A database in memory that answers the statements of outbox, inbox and dead letters as Postgres does, as far as
 * delivery depends on it: transactions are atomic, unique keys wait for each other, a running transaction holds
 * back the horizon of the log. outbox-conformance.ts and inbox-conformance.ts hold it to that.
 */
export class ModelDatabase {
  cursor: CursorRow = {
    xid: 0,
    position: 0,
    owner: undefined,
    leaseUntil: -Infinity,
    stream: undefined,
    streamSequence: 0,
  };
  checkpoints: CheckpointRow[] = [];
  private readonly tables = new Map<string, ModelTable<unknown>>();
  private readonly locks = new Map<string, ModelTransaction>();
  private readonly running = new Set<ModelTransaction>();
  private lastXid = 0;
  private lastPosition = 0;

  /** @param now in ms; the clock of leases */
  constructor(readonly now: () => number = () => performance.now()) {}

  /** One connection; each process has its own. */
  connect(wire: Wire = directWire): ModelConnection {
    return new ModelConnection(this, wire);
  }

  /** A table by its name, made when it is asked for. */
  table<Row>(name: string): ModelTable<Row> {
    const table = this.tables.get(name) ?? new ModelTable<unknown>();
    this.tables.set(name, table);
    return table as ModelTable<Row>;
  }

  get outbox(): ModelTable<LogRow> {
    return this.table('outbox');
  }

  async lock(tx: ModelTransaction, key: string): Promise<void> {
    for (let holder = this.locks.get(key); holder?.state === 'running' && holder !== tx;) {
      await tx.waitFor(holder);
      holder = this.locks.get(key);
    }
    this.locks.set(key, tx);
  }

  begin(): ModelTransaction {
    const tx = new ModelTransaction();
    this.running.add(tx);
    return tx;
  }

  /** As `pg_current_xact_id()`. */
  xidOf(tx: ModelTransaction): number {
    return (tx.xid ??= this.lastXid += 1);
  }

  /** As `nextval`: what a transaction that is rolled back has taken is not given again. */
  nextPosition(): number {
    return (this.lastPosition += 1);
  }

  /** As `pg_snapshot_xmin(pg_current_snapshot())`: the oldest transaction that is running. */
  horizon(): number {
    for (const tx of this.running) if (tx.state !== 'running') this.running.delete(tx);
    return Math.min(this.lastXid + 1, ...[...this.running].map(({ xid }) => xid ?? Infinity));
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
