import { DomainError } from '@orders/contracts';
import { type Caller, onBehalfOf } from '@orders/instrumentation';
import { deadlineExceeded } from '@orders/postgres';
import { Deadline } from '@orders/resilience';
import { measuredBatcher } from '@orders/service';

/** Who reads, and until when. */
export interface Reader {
  readonly deadline: Deadline;
  readonly caller: Caller;
}

export interface ReadBatcherOptions<Query, Found> {
  /** Value of the label `batcher` of the metrics. */
  name: string;
  /** Most reads in a statement. */
  maxItems: number;
  /** Answers the queries in their order. No statement may keep running when the signal of the deadline aborts. */
  read: (queries: readonly Query[], deadline: Deadline) => Promise<Found[]>;
}

/**
 * Makes a function that reads in one statement what many ask for at a moment; alone a read goes at once. A read keeps its
 * own deadline, and fails only when it would fail alone.
 *
 * @returns throws {DomainError} overloaded; deadline-exceeded
 */
export function readBatcher<Query, Found>({ name, maxItems, read }: ReadBatcherOptions<Query, Found>) {
  type Pending = Reader & { readonly query: Query };
  const batcher = measuredBatcher<Pending, Found>(name, {
    maxItems,
    maxQueued: 2_048,
    // The reads of one kind, however slow, leave most of the pool to the others.
    maxInFlight: 2,
    // Not deadline-exceeded: another read may have more time.
    isOutage: (error) => error instanceof DomainError && error.code === 'unavailable',
    refuse: (why) =>
      why === 'full' ? new DomainError('overloaded', 'too many reads are waiting') : deadlineExceeded(),
    send: async (pending, signal) => {
      const deadlines = pending.map(({ deadline }) => deadline);
      const callers = pending.map(({ caller }) => caller);
      const queries = pending.map(({ query }) => query);
      const found = await onBehalfOf(callers, 'read orders', () =>
        read(queries, Deadline.latest(deadlines, signal)),
      );
      return found.map((value) => ({ status: 'fulfilled', value }));
    },
  });
  return (query: Query, { deadline, caller }: Reader) => batcher.add({ query, deadline, caller });
}
