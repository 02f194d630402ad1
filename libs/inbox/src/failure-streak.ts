/** A run of events that failed with one unknown error. */
interface Streak {
  readonly error: string;
  readonly events: number;
}

/**
 * Counts the events in a row that failed for good with the same unknown error. A few of them may each have a fault of
 * their own. When there are more, something that they share is broken, and burying one after the other would empty the
 * stream into the dead letters. The consumer then keeps its events until one of them takes effect.
 */
export class FailureStreak {
  private streak: Streak | undefined;

  /** @param limit events in a row with one error that may become dead letters */
  constructor(private readonly limit: number) {}

  /** The error that has befallen as many events in a row as may become dead letters; else undefined. */
  get reason(): string | undefined {
    return this.streak && this.streak.events >= this.limit ? this.streak.error : undefined;
  }

  /** Notes that an event became a dead letter because of this error. */
  add(error: unknown): void {
    const text = withoutValues(error);
    this.streak = { error: text, events: this.streak?.error === text ? this.streak.events + 1 : 1 };
  }

  /** True when the event may not become a dead letter because of this error. */
  holdsBack(error: unknown): boolean {
    return this.reason !== undefined && this.reason === withoutValues(error);
  }

  /** Call it when an event has taken effect. */
  end(): void {
    this.streak = undefined;
  }
}

/** Tells two errors apart by what went wrong, not by the event it went wrong with: ids and numbers are left out. */
function withoutValues(error: unknown): string {
  const text = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  return text.replaceAll(/[\w-]*\d[\w-]*/g, '…').slice(0, 500);
}
