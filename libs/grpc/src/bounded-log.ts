/** Shortest time between two lines of one kind, in ms. */
const PAUSE_MS = 1_000;

/** Lines about what a peer can cause as often as it likes: at most one a second of each kind. */
export class BoundedLog {
  private readonly kinds = new Map<string, { at: number; skipped: number }>();

  constructor(private readonly now: () => number = () => performance.now()) {}

  /**
   * Calls `write` unless a line of this kind was written within the last second.
   *
   * @param kind one of few: each takes memory
   * @param write gets the number of lines that were skipped since the last one
   */
  add(kind: string, write: (skipped: number) => void): void {
    const now = this.now();
    const last = this.kinds.get(kind);
    if (last && now - last.at < PAUSE_MS) return void (last.skipped += 1);
    this.kinds.set(kind, { at: now, skipped: 0 });
    write(last?.skipped ?? 0);
  }
}
