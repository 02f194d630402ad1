import type { EventPublisher, Log, Message } from '@orders/messaging';
import type { Queryable } from '@orders/postgres';
import { eventIdOf } from './message-id.js';
import { FIRST_AT, IN_TRANSACTION, IN_WINDOW, PLACE } from './outbox-history-statements.js';
import type { LogPosition } from './outbox-log.js';

/** What is known of an entity whose events are to be found: the log has no index of entities. */
export interface LoggedEntity {
  /** `ce-subject` of its events. */
  readonly subject: string;
  /** How many events it has. */
  readonly events: number;
  /** `xmin` of its row: the transaction of its last event. */
  readonly lastWriter: string;
  /** When its first event was made, by the clock of the app. */
  readonly createdAt: Date;
}

/** An entry of the log, as operators look at it. */
export interface LoggedEvent extends LogPosition {
  readonly message: Message;
  /** When its transaction began. */
  readonly recordedAt: Date;
  /** When its transaction was committed; null unless Postgres runs with track_commit_timestamp. */
  readonly committedAt: Date | null;
  /** Whether the relay has passed it. */
  readonly published: boolean;
}

/** How far the clocks of app and Postgres may be apart, in ms, when the log is searched by time. */
const CLOCK_SKEW_MS = 2_000;
/** Longest time from the creation of an event to the transaction that records it, in ms. */
const LATEST_MS = 30_000;
/** Most entries that a search by time reads. */
const WINDOW = 50_000;
/** Most entries between an event and the next checkpoint of the relay. */
const MOST_BETWEEN = 20_000;
/** How far from its expected sequence an event is looked for: replays, and events published twice, move it. */
const NEIGHBOURS = 64;
const PARALLEL = 16;

/** Finds events in the log for operators, by its index alone and in bounded time. It is off the path of orders. */
export class OutboxHistory {
  /**
   * @param db with the rights of the relay
   * @param stream that the log is published to
   */
  constructor(
    private readonly db: Queryable,
    private readonly stream: Pick<EventPublisher, 'idAt'>,
    private readonly logger: Log,
  ) {}

  /**
   * The events of an entity, oldest first: that of its last change by its transaction, and those of its creation by time.
   * An event that the log no longer keeps is left out, and so is one between the first and the last.
   */
  async eventsOf(entity: LoggedEntity): Promise<LoggedEvent[]> {
    const { subject, events, lastWriter } = entity;
    const last = await this.db.query<Row[]>(IN_TRANSACTION, [subject, lastWriter]);
    const first = last.length < events ? await this.createdEvents(entity) : [];
    const byId = new Map([...first, ...last].map((row) => [row.id, row]));
    return [...byId.values()].map(toLoggedEvent).toSorted(byPlace);
  }

  /**
   * The sequence of a published event in its stream. It is counted back from the next checkpoint of the relay, and the
   * stream is asked whether the event is there.
   *
   * @param signal ends the search
   * @returns undefined when the stream has dropped it, when it is not near its place, or when NATS does not answer in time
   */
  async sequenceOf(event: LoggedEvent, signal: AbortSignal): Promise<number | undefined> {
    if (!event.published || signal.aborted) return undefined;
    const aborted = new Promise<undefined>((resolve) =>
      signal.addEventListener('abort', () => resolve(undefined), { once: true }),
    );
    const found = this.search(event, signal).catch((error: unknown) => {
      this.logger.warn(
        { err: error, eventId: event.message.id },
        'the stream could not be asked for an event',
      );
      return undefined;
    });
    return Promise.race([found, aborted]);
  }

  private async createdEvents({ subject, events, createdAt }: LoggedEntity): Promise<Row[]> {
    const [from, to] = [createdAt.getTime() - CLOCK_SKEW_MS, createdAt.getTime() + LATEST_MS];
    const [first, last] = [await this.firstAt(new Date(from)), await this.firstAt(new Date(to))];
    if (first === undefined || last === undefined) return [];
    return this.db.query<Row[]>(IN_WINDOW, [subject, first, last, WINDOW, events]);
  }

  /** The first transaction that is recorded at this time or later; the last one when there is none. */
  private async firstAt(time: Date): Promise<string | undefined> {
    const [row] = await this.db.query<{ tx: string }[]>(FIRST_AT, [time]);
    return row?.tx;
  }

  private async search(event: LoggedEvent, signal: AbortSignal): Promise<number | undefined> {
    const { tx, position, recordedAt } = event;
    const parameters = [recordedAt, tx, position, MOST_BETWEEN + 1];
    const [place] = await this.db.query<Place[]>(PLACE, parameters);
    if (!place || place.between > MOST_BETWEEN) return undefined;
    const candidates = near(place.reached - place.between);
    for (let at = 0; at < candidates.length && !signal.aborted; at += PARALLEL) {
      const sequences = candidates.slice(at, at + PARALLEL);
      const ids = await Promise.all(sequences.map((sequence) => this.stream.idAt(sequence)));
      const index = ids.findIndex((id) => id !== undefined && eventIdOf(id) === event.message.id);
      if (index !== -1) return sequences[index];
    }
    return undefined;
  }
}

type Row = Omit<LoggedEvent, 'message'> & Message;

/** The next checkpoint: its sequence, and the entries between the event and it. */
interface Place {
  readonly reached: number;
  readonly between: number;
}

function toLoggedEvent({ id, subject, headers, body, ...rest }: Row): LoggedEvent {
  return { ...rest, message: { id, subject, headers, body } };
}

function byPlace(one: LogPosition, other: LogPosition): number {
  const difference = BigInt(one.tx) - BigInt(other.tx) || BigInt(one.position) - BigInt(other.position);
  return Number(difference);
}

/** The sequence and its neighbours, the nearest first. */
function near(sequence: number): number[] {
  const distances = Array.from({ length: NEIGHBOURS }, (_, index) => index + 1);
  const neighbours = distances.flatMap((distance) => [sequence - distance, sequence + distance]);
  return [sequence, ...neighbours].filter((candidate) => candidate > 0);
}
