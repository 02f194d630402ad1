import { Backoff } from '@orders/resilience';
import type { LogPosition } from './outbox-log.js';

/**
 * Spaces the rewinds of a relay, up to a minute: a stream that loses again and again what it has acked must not be filled
 * from the start of the log all the time. Rewinds that each begin further back need no pause: they end at the start.
 */
export class RewindPace {
  private readonly pause: Backoff;
  private allowedAt = 0;
  private last: LogPosition | undefined;

  /**
   * @param intactMs a rewind counts as the first one again when the stream was intact this long, in ms
   * @param random uniform in [0, 1). Default `Math.random`
   */
  constructor(
    private readonly intactMs: number,
    random = Math.random,
  ) {
    this.pause = new Backoff({ baseMs: 1_000, maxMs: 60_000, random });
  }

  /**
   * Call it before each rewind, with the position of the cursor.
   *
   * @throws when the last rewind was too recent: try again later
   */
  begin(from: LogPosition): void {
    const isFurtherBack = this.last !== undefined && isBefore(from, this.last);
    if (!isFurtherBack) this.count();
    this.last = from;
  }

  /** Call it when a check found the stream intact. */
  intact(): void {
    if (performance.now() > this.allowedAt + this.intactMs) this.pause.reset();
  }

  private count(): void {
    const now = performance.now();
    const waitMs = Math.ceil(this.allowedAt - now);
    if (waitMs > 0) throw new Error(`the stream has lost events again: the next rewind is in ${waitMs} ms`);
    this.allowedAt = now + this.pause.next();
  }
}

function isBefore(a: LogPosition, b: LogPosition): boolean {
  const [tx, other] = [BigInt(a.tx), BigInt(b.tx)];
  return tx < other || (tx === other && BigInt(a.position) < BigInt(b.position));
}
