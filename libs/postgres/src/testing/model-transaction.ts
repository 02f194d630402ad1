/** A transaction of the model database, at READ COMMITTED: it sees what is committed and what it wrote itself. */
export class ModelTransaction {
  state: 'running' | 'committed' | 'aborted' = 'running';
  /** Assigned at the first write, as Postgres does. */
  xid: number | undefined;
  private waitsFor: ModelTransaction | undefined;
  private readonly watchers: (() => void)[] = [];

  /** Ends the transaction; a second call does nothing. */
  end(state: 'committed' | 'aborted'): void {
    if (this.state !== 'running') return;
    this.state = state;
    for (const notify of this.watchers.splice(0)) notify();
  }

  /**
   * Waits for another transaction to end.
   *
   * @throws with SQLSTATE 40P01 when that one waits for this one, directly or through others
   */
  async waitFor(rival: ModelTransaction): Promise<void> {
    for (let next: ModelTransaction | undefined = rival; next; next = next.waitsFor) {
      if (next === this) throw Object.assign(new Error('deadlock detected'), { code: '40P01' });
    }
    this.waitsFor = rival;
    await new Promise<void>((resolve) => rival.watchers.push(resolve));
    this.waitsFor = undefined;
  }
}

interface Version<Row> {
  readonly row: Row;
  readonly by: ModelTransaction;
}

/** A table with one unique key; rows are inserted and never changed. */
export class ModelTable<Row> {
  private readonly versions = new Map<string, Version<Row>>();

  /**
   * INSERT … ON CONFLICT (key) DO NOTHING: waits for a running transaction that has inserted the same key.
   *
   * @returns whether the row was inserted
   */
  async insert(tx: ModelTransaction, key: string, row: Row): Promise<boolean> {
    for (;;) {
      const rival = this.versions.get(key);
      if (!rival || rival.by.state === 'aborted') {
        this.versions.set(key, { row, by: tx });
        return true;
      }
      if (rival.by.state === 'committed' || rival.by === tx) return false;
      await tx.waitFor(rival.by);
    }
  }

  /** The rows that `tx` sees; without `tx`, the committed rows. */
  rows(tx?: ModelTransaction): Row[] {
    return [...this.versions.values()]
      .filter(({ by }) => by.state === 'committed' || by === tx)
      .map(({ row }) => row);
  }

  /** One row, as {@link rows} sees it. */
  find(key: string, tx?: ModelTransaction): Row | undefined {
    const version = this.versions.get(key);
    return version && (version.by.state === 'committed' || version.by === tx) ? version.row : undefined;
  }
}
