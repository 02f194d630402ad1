import {
  type CallOptions,
  type ChannelCredentials,
  type Client,
  type ClientUnaryCall,
  connectivityState,
  credentials,
  Metadata,
  type ServiceError,
  status,
} from '@grpc/grpc-js';
import { currentCaller } from '@orders/instrumentation';
import { type Breaker, type Deadline, RetryBudget, retryOnce } from '@orders/resilience';
import type { Logger } from 'pino';
import { BALANCING } from './balancing.js';
import { limitConnect } from './connect-limit.js';
import { traceCalls } from './rpc-span.js';
import { fromServiceError } from './service-error.js';
import { upstreamBreaker } from './upstream-breaker.js';

/** Channel options of a generated client that {@link RpcClient} wraps. */
export const CHANNEL_OPTIONS = {
  // Without pings a connection whose peer vanished or froze is never given up; with these it is within 5 s.
  'grpc.keepalive_time_ms': 2_000,
  'grpc.keepalive_timeout_ms': 3_000,
  'grpc.keepalive_permit_without_calls': 1,
  'grpc.initial_reconnect_backoff_ms': 100,
  'grpc.min_reconnect_backoff_ms': 100,
  'grpc.max_reconnect_backoff_ms': 500,
  'grpc.service_config': JSON.stringify({ loadBalancingConfig: BALANCING }),
  interceptors: [traceCalls],
};

/** Credentials of such a client: plaintext, and a peer that says nothing is given up ({@link limitConnect}). */
export function channelCredentials(): ChannelCredentials {
  return limitConnect(credentials.createInsecure());
}

/** A request outlives the restart of the upstream: it waits so long for a connection, in ms, half its time at most. */
const CONNECT_GRACE_MS = 1_000;

type Answer<R> = (error: ServiceError | null, response?: R) => void;

/** Starts one unary call of the generated client. */
export type StartCall<R> = (metadata: Metadata, options: CallOptions, answer: Answer<R>) => ClientUnaryCall;

export interface RpcClientOptions {
  /** The app that is called, for metrics and log. */
  upstream: string;
  logger: Logger;
}

/**
 * Calls of one upstream as promises: each with its deadline, cancelled when nobody waits for it, with the trace and the
 * ids of the request, repeated once when the upstream was UNAVAILABLE, refused at once while it fails. Every call must
 * be safe to repeat. Failures are `DomainError`s.
 */
export class RpcClient {
  private readonly retries = new RetryBudget();
  private readonly breaker: Breaker;

  constructor(
    private readonly client: Client,
    { upstream, logger }: RpcClientOptions,
  ) {
    this.breaker = upstreamBreaker(upstream, logger);
    // Connects now, so that the first request need not wait for it.
    client.getChannel().getConnectivityState(true);
  }

  /** One call with all of it. */
  call<R>(deadline: Deadline, start: StartCall<R>): Promise<R> {
    return this.guarded(deadline, () => this.attempt(deadline, start));
  }

  /** Breaker and repeat around what calls {@link attempt} in its own way, in a batch for example. */
  guarded<R>(deadline: Deadline, call: () => Promise<R>): Promise<R> {
    return retryOnce(() => this.breaker.run(call), { deadline, budget: this.retries, retryable });
  }

  /** One try of a call. `start` runs when there is a connection, or when none came in time. */
  async attempt<R>({ remainingMs, signal }: Deadline, start: StartCall<R>): Promise<R> {
    const deadline = Date.now() + remainingMs;
    await this.connected(Date.now() + Math.min(CONNECT_GRACE_MS, remainingMs / 2));
    const { promise, resolve, reject } = Promise.withResolvers<R>();
    const call = start(outgoing(), { deadline }, (error, response) => {
      signal.removeEventListener('abort', cancel);
      if (error) reject(fromServiceError(error));
      else resolve(response as R);
    });
    const cancel = () => call.cancel();
    if (signal.aborted) cancel();
    else signal.addEventListener('abort', cancel, { once: true });
    return promise;
  }

  close(): void {
    this.client.close();
  }

  /** Resolves when there is a connection, and at the deadline without one: the call then fails by itself. */
  private connected(deadline: number): Promise<void> | undefined {
    if (this.client.getChannel().getConnectivityState(false) === connectivityState.READY) return undefined;
    return new Promise((resolve) => this.client.waitForReady(deadline, () => resolve()));
  }
}

/** Not when it was too slow or has too much to do: that would only be asked to do more. */
function retryable(error: unknown): boolean {
  return error instanceof Error && (error.cause as Partial<ServiceError>)?.code === status.UNAVAILABLE;
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
