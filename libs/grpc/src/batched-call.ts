import { Metadata, type ServiceError, status } from '@grpc/grpc-js';
import { DomainError } from '@orders/contracts';
import { type Caller, currentCaller, onBehalfOf } from '@orders/instrumentation';
import { type Batcher, Deadline } from '@orders/resilience';
import type { ordersV1 } from '@orders/rpc';
import { measuredBatcher } from '@orders/service';
import type { RpcClient } from './rpc-client.js';
import { fromServiceError } from './service-error.js';

/** A request and its own metadata; undefined when it is alone in its call, whose metadata and deadline apply then. */
export type InBatch<Request> = Request & { context: ordersV1.CallContext | undefined };

export interface BatchedCallOptions<Request, Result> {
  /** Value of the label `batcher` of the metrics. */
  name: string;
  /** Name of the span of a call for several callers. */
  span: string;
  /** The RPC, as `/orders.v1.Orders/GetOrders`. */
  path: string;
  /** Serializes a call. */
  encode: (requests: InBatch<Request>[]) => Buffer;
  /** The results of a call, in the order of its requests; throws when the bytes are no response. */
  decode: (response: Buffer) => PromiseSettledResult<Result>[];
  /** Most requests in a call. */
  maxItems: number;
  /** Most bytes of requests or results in a call, by {@link sizeOf}. */
  maxBytes: number;
  /** Most bytes of a request, or of its result when that is larger. */
  sizeOf: (request: Request) => number;
  /** As in the batcher, in ms. */
  gatherMs: number;
  /** As in the batcher, in ms. */
  lingerMs: number;
  /** Makes the call for one request. It is used for 10 s when the upstream, of an older version, does not know the RPC. */
  single?: (request: Request, deadline: Deadline) => Promise<Result>;
}

/**
 * A call for many: a call is expensive, a request in it is not, so all requests that wait share the next call. One that comes
 * while no call is in flight goes at once. Each keeps its deadline, its ids and trace, and its own result; breaker and retry
 * count requests, not calls. Use an instance for each kind of request: then slow ones of one kind hold up no others.
 */
export class BatchedCall<Request extends object, Result> {
  private readonly batcher: Batcher<Pending<Request>, Result>;
  /** Until then the upstream gets single calls, by `performance.now`. */
  private singleUntil = 0;

  constructor(
    private readonly rpc: RpcClient,
    private readonly options: BatchedCallOptions<Request, Result>,
  ) {
    const { name, maxItems, maxBytes, gatherMs, lingerMs, sizeOf } = options;
    this.batcher = measuredBatcher(name, {
      ...{ maxItems, maxBytes, gatherMs, lingerMs },
      sizeOf: ({ request }) => sizeOf(request),
      maxQueued: MAX_QUEUED,
      maxInFlight: MAX_IN_FLIGHT,
      isOutage: (error) => error instanceof DomainError && OUTAGES.has(error.kind),
      refuse: (why) => fromServiceError(Object.assign(new Error(why), REFUSALS[why])),
      send: (pending, signal) => this.send(pending, signal),
    });
  }

  /** @throws {DomainError} what the request alone would fail with */
  call(request: Request, deadline: Deadline): Promise<Result> {
    const pending = { request, deadline, caller: currentCaller() };
    return this.rpc.guarded(deadline, () => this.batcher.add(pending));
  }

  private async send(
    pending: readonly Pending<Request>[],
    signal: AbortSignal,
  ): Promise<PromiseSettledResult<Result>[]> {
    const { single } = this.options;
    if (single && performance.now() < this.singleUntil) return this.sendSingly(pending, single);
    try {
      return await this.sendTogether(pending, signal);
    } catch (error) {
      if (!single || !isUnimplemented(error)) throw error;
      this.singleUntil = performance.now() + SINGLE_MS;
      return this.sendSingly(pending, single);
    }
  }

  private async sendTogether(
    pending: readonly Pending<Request>[],
    signal: AbortSignal,
  ): Promise<PromiseSettledResult<Result>[]> {
    const { span, path, encode, decode } = this.options;
    const callers = pending.map(({ caller }) => caller);
    const deadlines = pending.map(({ deadline }) => deadline);
    const response = await onBehalfOf(callers, span, () =>
      // Encoded only when there is a connection, so that the timeout of each is what is left then.
      this.rpc.attemptBytes(Deadline.latest(deadlines, signal), path, () => encode(withContexts(pending))),
    );
    return decode(response);
  }

  private sendSingly(
    pending: readonly Pending<Request>[],
    single: (request: Request, deadline: Deadline) => Promise<Result>,
  ): Promise<PromiseSettledResult<Result>[]> {
    return Promise.allSettled(
      pending.map(({ request, deadline, caller }) =>
        onBehalfOf([caller], this.options.span, () => single(request, deadline)),
      ),
    );
  }
}

interface Pending<Request> {
  readonly request: Request;
  readonly deadline: Deadline;
  readonly caller: Caller;
}

/** Above the default of MAX_CONCURRENT_REQUESTS, so that that limit is reached first. */
const MAX_QUEUED = 1_024;
const MAX_IN_FLIGHT = 16;

/** How long an upstream that does not know the RPC gets single calls, in ms: about as long as a replica is replaced. */
const SINGLE_MS = 10_000;

/** After such an error each request of the call would fail alone too. */
const OUTAGES: ReadonlySet<string> = new Set(['unavailable', 'overloaded', 'deadline']);

/** The errors that a call with that status would end with: retries and the breaker use the status. */
const REFUSALS = {
  full: { code: status.RESOURCE_EXHAUSTED, details: 'full', metadata: new Metadata() },
  late: { code: status.DEADLINE_EXCEEDED, details: 'late', metadata: new Metadata() },
  gone: { code: status.CANCELLED, details: 'gone', metadata: new Metadata() },
};

function isUnimplemented(error: unknown): boolean {
  return ((error as Error).cause as Partial<ServiceError> | undefined)?.code === status.UNIMPLEMENTED;
}

function withContexts<Request extends object>(pending: readonly Pending<Request>[]): InBatch<Request>[] {
  const isAlone = pending.length === 1;
  return pending.map((one) => ({ ...one.request, context: isAlone ? undefined : contextOf(one) }));
}

function contextOf({ deadline, caller: { request, traceparent } }: Pending<object>): ordersV1.CallContext {
  const { requestId = '', correlationId = '' } = request ?? {};
  return {
    traceparent,
    requestId,
    // Empty means the same as the request id.
    correlationId: correlationId === requestId ? '' : correlationId,
    // 0 would mean the call's own deadline.
    timeoutMs: Math.max(1, Math.floor(deadline.remainingMs)),
  };
}
