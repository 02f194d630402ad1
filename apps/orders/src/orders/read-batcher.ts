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
  /** Most bytes of the answer to a query, as a message of orders.v1. */
  sizeOf: (query: Query) => number;
  /** Answers the queries in their order. No statement may keep running when the signal of the deadline aborts. */
  read: (queries: readonly Query[], deadline: Deadline) => Promise<Found[]>;
}

/** Most bytes that the answers of a statement may have: as many as a message of gRPC. */
const MAX_BYTES = 8 * 1_024 * 1_024;

/** The reads of one kind, however slow, leave most of the pool to the others. */
const MAX_STATEMENTS = 2;

/** SQLSTATEs that one of the reads may be guilty of: query_canceled, which is a timeout; io_error; data_ and index_corrupted. */
const MAY_BE_OF_ONE = new Set(['57014', '58030', 'XX001', 'XX002']);

/**
 * Makes a function that reads in one statement what many ask for at a moment; alone a read goes at once. A read keeps its
 * own deadline, and fails only when it would fail alone.
 *
 * @returns throws {DomainError} overloaded; deadline-exceeded
 */
export function readBatcher<Query, Found>({
  name,
  maxItems,
  sizeOf,
  read,
}: ReadBatcherOptions<Query, Found>) {
  type Pending = Reader & { readonly query: Query };
  const batcher = measuredBatcher<Pending, Found>(name, {
    maxItems,
    maxQueued: 2_048,
    maxBytes: MAX_BYTES,
    sizeOf: ({ query }) => sizeOf(query),
    maxInFlight: MAX_STATEMENTS,
    maxAlone: MAX_STATEMENTS,
    isOutage,
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

/** Not deadline-exceeded: another read may have more time. */
function isOutage(error: unknown): boolean {
  if (!(error instanceof DomainError) || error.code !== 'unavailable') return false;
  const { code = '' } = (error.cause ?? {}) as { code?: string };
  return !MAY_BE_OF_ONE.has(code);
}
