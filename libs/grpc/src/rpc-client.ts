import {
  type CallOptions,
  type Client,
  type ClientUnaryCall,
  connectivityState,
  Metadata,
  type ServiceError,
  status,
} from '@grpc/grpc-js';
import { PROBLEM_CODE_TRAILER } from '@orders/contracts';
import { currentCaller } from '@orders/instrumentation';
import { type Breaker, type Deadline, RetryBudget, retryOnce } from '@orders/resilience';
import type { Logger } from 'pino';
import { BALANCING } from './balancing.js';
import { BoundedLog } from './bounded-log.js';
import { measureCalls } from './measure-calls.js';
import { warnOfOneAddress } from './one-address.js';
import { traceCalls } from './rpc-span.js';
import { fromServiceError } from './service-error.js';
import { upstreamBreaker } from './upstream-breaker.js';

/** Channel options of a generated client that {@link RpcClient} wraps. */
export const CHANNEL_OPTIONS = {
  // Closes a connection whose peer vanished or froze within 5 s; without pings it would stay open for ever.
  'grpc.keepalive_time_ms': 2_000,
  'grpc.keepalive_timeout_ms': 3_000,
  'grpc.keepalive_permit_without_calls': 1,
  'grpc.initial_reconnect_backoff_ms': 100,
  'grpc.min_reconnect_backoff_ms': 100,
  'grpc.max_reconnect_backoff_ms': 500,
  // Each end of a connection asks DNS again, at most so often: new replicas get calls. The default is 30 s.
  'grpc.dns_min_time_between_resolutions_ms': 1_000,
  // Never through a proxy that the environment names for the outside: it would take the balancing between replicas away.
  'grpc.enable_http_proxy': 0,
  'grpc.service_config': JSON.stringify({ loadBalancingConfig: BALANCING }),
  interceptors: [traceCalls, measureCalls],
};

/**
 * Longest wait of a call for a connection, in ms, and at most half the time left: a call survives a restart of the
 * upstream.
 */
const CONNECT_GRACE_MS = 1_000;

type Answer<R> = (error: ServiceError | null, response?: R) => void;

/** Starts one unary call of the generated client. */
export type StartCall<R> = (metadata: Metadata, options: CallOptions, answer: Answer<R>) => ClientUnaryCall;

export interface RpcClientOptions {
  /** Name of the called app, for metrics and log. */
  upstream: string;
  /** Where it is called: `host:port`, or another target of gRPC. */
  address: string;
  logger: Logger;
}

/**
 * Makes the calls to one upstream, as promises. Each call has a deadline, is cancelled when its caller goes away, and
 * carries trace and ids of the current request. It is repeated once when the upstream was UNAVAILABLE, unless a proxy gave
 * up waiting for it, so every call must be safe to repeat. A breaker refuses calls at once while the upstream fails. Calls reject with a `DomainError`.
 */
export class RpcClient {
  private readonly retries = new RetryBudget();
  private readonly breaker: Breaker;
  private readonly refusals = new BoundedLog();

  constructor(
    private readonly client: Client,
    private readonly options: RpcClientOptions,
  ) {
    const { upstream, address, logger } = options;
    void warnOfOneAddress(address, { upstream, logger });
    this.breaker = upstreamBreaker(upstream, logger);
    // Connects now, so that the first request does not wait for it.
    client.getChannel().getConnectivityState(true);
  }

  /** Makes a call through breaker and retry. */
  call<R>(deadline: Deadline, start: StartCall<R>): Promise<R> {
    return this.guarded(deadline, () => this.attempt(deadline, start));
  }

  /** Puts breaker and retry around a function that uses {@link attempt} in its own way, for example in a batch. */
  guarded<R>(deadline: Deadline, call: () => Promise<R>): Promise<R> {
    return retryOnce(() => this.breaker.run(call), { deadline, budget: this.retries, retryable });
  }

  /** Makes a call once. `start` runs when there is a connection, or when none was made within 1 s or half the time left. */
  async attempt<R>({ remainingMs, signal }: Deadline, start: StartCall<R>): Promise<R> {
    const deadline = Date.now() + remainingMs;
    await this.waitForConnection(Date.now() + Math.min(CONNECT_GRACE_MS, remainingMs / 2));
    const { promise, resolve, reject } = Promise.withResolvers<R>();
    const call = start(outgoing(), { deadline }, (error, response) => {
      signal.removeEventListener('abort', cancel);
      if (error) {
        this.noteRefusal(error);
        reject(fromServiceError(error));
      } else resolve(response as R);
    });
    const cancel = () => call.cancel();
    if (signal.aborted) cancel();
    else signal.addEventListener('abort', cancel, { once: true });
    return promise;
  }

  /**
   * Makes a call once with bytes instead of messages. Node keeps the stream of a call, with its request and response, until
   * the next major collection; as bytes they cost the young collections nothing until then (docs/adr/0017).
   *
   * @param request called as `start` of {@link attempt} is
   */
  attemptBytes(deadline: Deadline, path: string, request: () => Buffer): Promise<Buffer> {
    return this.attempt<Buffer>(deadline, (metadata, options, answer) =>
      this.client.makeUnaryRequest(path, asIs, asIs, request(), metadata, options, answer),
    );
  }

  /** Closes the connections; calls in progress fail. */
  close(): void {
    this.client.close();
  }

  /** The identity of this app, not of its callers: those are in the request. */
  private noteRefusal({ code, details, metadata }: ServiceError): void {
    if (!REFUSED_IDENTITY.has(code) || metadata.get(PROBLEM_CODE_TRAILER).length > 0) return;
    const { upstream, logger } = this.options;
    this.refusals.add(status[code], (skipped) =>
      logger.error(
        { upstream, reason: status[code], details, ...(skipped > 0 && { skipped }) },
        'the upstream refuses the identity of this app',
      ),
    );
  }

  /** Resolves when there is a connection, and also at the deadline: the call then fails by itself. */
  private waitForConnection(deadline: number): Promise<void> | undefined {
    if (this.client.getChannel().getConnectivityState(false) === connectivityState.READY) return undefined;
    return new Promise((resolve) => this.client.waitForReady(deadline, () => resolve()));
  }
}

const REFUSED_IDENTITY = new Set([status.PERMISSION_DENIED, status.UNAUTHENTICATED]);

function asIs(bytes: Buffer): Buffer {
  return bytes;
}

/** How grpc-js 1.14 describes an answer of 502 or 504, which only a proxy gives: the upstream may still be at work. */
const PROXY_GAVE_UP = /^Received HTTP status code 50[24]$/;

/** Only after UNAVAILABLE: an upstream that was too slow or is overloaded must not get even more calls. */
function retryable(error: unknown): boolean {
  const { code, details = '' } = ((error as Error).cause ?? {}) as Partial<ServiceError>;
  return code === status.UNAVAILABLE && !PROXY_GAVE_UP.test(details);
}

function outgoing(): Metadata {
  const { request, traceparent } = currentCaller();
  const metadata = new Metadata();
  if (request) {
    metadata.set('x-request-id', request.requestId);
    metadata.set('x-correlation-id', request.correlationId);
  }
  metadata.set('traceparent', traceparent);
  return metadata;
}
