import type { ServerUnaryCall } from '@grpc/grpc-js';
import { DomainError } from '@orders/contracts';
import { deadlineOf } from '@orders/grpc';
import { currentCaller } from '@orders/instrumentation';
import type { ordersV1 } from '@orders/rpc';
import type { Reader } from './read-batcher.js';

interface InBatch {
  readonly context: ordersV1.CallContext | undefined;
}

export interface Batch<Request> {
  /** Name of the field with the requests. */
  readonly field: string;
  readonly requests: readonly Request[];
  /** Most requests. */
  readonly max: number;
}

/**
 * Runs each request of a call on its own, with its own deadline. When all of them fail because the database is unavailable,
 * the call fails as a whole, so that the client's load balancing sees that this replica is unhealthy.
 */
export async function settleEach<Request extends InBatch, Result>(
  { field, requests, max }: Batch<Request>,
  call: ServerUnaryCall<unknown, unknown>,
  run: (request: Request, reader: Reader) => Promise<Result>,
): Promise<PromiseSettledResult<Result>[]> {
  if (requests.length === 0 || requests.length > max) {
    const errors = [{ pointer: `/${field}`, detail: `1 to ${max} ${field}` }];
    throw new DomainError('validation-failed', 'the batch breaks a rule', { errors });
  }
  const caller = currentCaller();
  const deadline = deadlineOf(call);
  const running = requests.map((request) => {
    const timeoutMs = request.context?.timeoutMs || Infinity;
    return run(request, { deadline: deadline.atMost(timeoutMs), caller });
  });
  const results = await Promise.allSettled(running);
  if (results.every(isOutage)) await running[0];
  return results;
}

function isOutage(result: PromiseSettledResult<unknown>): boolean {
  return (
    result.status === 'rejected' &&
    result.reason instanceof DomainError &&
    result.reason.code === 'unavailable'
  );
}
