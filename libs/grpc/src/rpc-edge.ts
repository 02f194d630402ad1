import { status, type Metadata, type ServerUnaryCall } from '@grpc/grpc-js';
import {
  Catch,
  Injectable,
  type CallHandler,
  type ExceptionFilter,
  type ExecutionContext,
  type NestInterceptor,
} from '@nestjs/common';
import { DomainError } from '@orders/contracts';
import { contextFrom, runInContext, type Span, tracedHistogram } from '@orders/instrumentation';
import type { Logger } from 'pino';
import { Observable, throwError } from 'rxjs';
import { METRICS } from './metric-definitions.js';
import { endRpcSpan, methodOf, startRpcSpan } from './rpc-span.js';
import { toServiceError } from './service-error.js';

/**
 * The edge of a gRPC server: an interceptor and a filter. Register the same instance as both, by
 * `app.useGlobalInterceptors(edge)` and `app.useGlobalFilters(edge)`.
 *
 * Each call runs in the request context of its metadata (`x-request-id`, `x-correlation-id`, `traceparent`) and in a
 * span. It is measured (`rpc_server_duration_seconds`), writes one log line, and fails with the status of
 * `toServiceError`.
 */
@Injectable()
@Catch()
export class RpcEdge implements NestInterceptor, ExceptionFilter {
  private readonly duration = tracedHistogram(METRICS.serverDuration);

  constructor(private readonly logger: Logger) {}

  intercept(host: ExecutionContext, next: CallHandler): Observable<unknown> {
    const metadata = host.getArgByIndex<Metadata | undefined>(1);
    const call = host.getArgByIndex<ServerUnaryCall<unknown, unknown> | undefined>(2);
    const path = call?.getPath?.() ?? `${host.getClass().name}/${host.getHandler().name}`;
    const read = (name: string) => metadata?.get(name)[0];
    const span = startRpcSpan(path, read('traceparent'));
    const context = contextFrom(read, span);
    const startedAt = performance.now();
    return new Observable((subscriber) =>
      runInContext(context, () =>
        // Called inside of runInContext, because Nest binds the handler to the current async context.
        next.handle().subscribe({
          next: (value) => subscriber.next(value),
          error: (error: unknown) => {
            const failure = toServiceError(error);
            this.finish({ path, span, startedAt, code: failure.code, error });
            subscriber.error(failure);
          },
          complete: () => {
            this.finish({ path, span, startedAt, code: status.OK });
            subscriber.complete();
          },
        }),
      ),
    );
  }

  /** Maps errors thrown before the interceptor. Those that the interceptor has mapped pass unchanged. */
  catch(error: unknown): Observable<never> {
    return throwError(() => (isServiceError(error) ? error : toServiceError(error)));
  }

  private finish({ path, span, startedAt, code, error }: Finished): void {
    const elapsed = performance.now() - startedAt;
    this.duration.record(elapsed / 1_000, { ...methodOf(path), 'rpc.grpc.status_code': code }, span);
    const line = { rpc: path, code: status[code], durationMs: Math.round(elapsed * 10) / 10 };
    if (error === undefined) this.logger.info(line, 'call');
    else if (error instanceof DomainError)
      this.logger.info(
        { ...line, problem: error.code, detail: error.message, cause: messageOf(error.cause) },
        'call',
      );
    else this.logger.error({ ...line, err: error }, 'call failed');
    endRpcSpan(span, path, code);
  }
}

interface Finished {
  path: string;
  span: Span | undefined;
  startedAt: number;
  code: status;
  error?: unknown;
}

/** Why, where the detail, which the caller sees, does not tell. */
function messageOf(cause: unknown): string | undefined {
  return cause instanceof Error ? cause.message : undefined;
}

function isServiceError(error: unknown): boolean {
  return error instanceof Error && 'code' in error && 'details' in error && 'metadata' in error;
}
