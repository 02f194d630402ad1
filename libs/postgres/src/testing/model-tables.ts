import { ModelTable, ModelTransaction } from './model-transaction.js';

export interface LogRow {
  readonly xid: number;
  readonly position: number;
  readonly event_id: string;
  readonly subject: string;
  readonly headers: Record<string, string>;
  readonly body: string;
}

interface StreamPosition {
  readonly xid: number;
  readonly position: number;
  readonly stream: string | undefined;
  readonly streamSequence: number;
  readonly messageId: string | undefined;
}

export interface CursorRow extends StreamPosition {
  readonly owner: string | undefined;
  readonly leaseUntil: number;
  /** JSON */
  readonly knownGaps: string;
  readonly rewoundAt: number;
}

export interface CheckpointRow extends StreamPosition {
  readonly notedAt: number;
}

/** What a `ModelDatabase` holds: rows, transactions, locks and the clock of leases. */
export class ModelTables {
  cursor: CursorRow = {
    xid: 0,
    position: 0,
    owner: undefined,
    leaseUntil: -Infinity,
    stream: undefined,
    streamSequence: 0,
    messageId: undefined,
    knownGaps: '[]',
    rewoundAt: 0,
  };
  checkpoints: CheckpointRow[] = [];
  private readonly tables = new Map<string, ModelTable<unknown>>();
  private readonly locks = new Map<string, ModelTransaction>();
  private readonly running = new Set<ModelTransaction>();
  private lastXid = 0;
  private lastPosition = 0;

  /** @param now in ms; the clock of leases */
  constructor(readonly now: () => number = () => performance.now()) {}

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
