import { InterceptingCall, type Interceptor, status } from '@grpc/grpc-js';
import {
  endSpan,
  isTraced,
  type Span,
  startClientSpan,
  startServerSpan,
  traceparentOf,
  tracesEdge,
} from '@orders/instrumentation';

/** Statuses that OpenTelemetry counts as failures of the server. With the others, such as NOT_FOUND, it did not fail. */
const SERVER_FAILURES = new Set([
  status.UNKNOWN,
  status.DEADLINE_EXCEEDED,
  status.UNIMPLEMENTED,
  status.INTERNAL,
  status.UNAVAILABLE,
  status.DATA_LOSS,
]);

/** The path `/package.Service/Method` as attributes of OpenTelemetry's semantic conventions. */
export function methodOf(path: string) {
  const [, service, method] = /^\/?(.*)\/(.*)$/.exec(path) ?? [];
  return { 'rpc.service': service ?? '', 'rpc.method': method ?? path };
}

/** Starts the server's span of a call, below that of its client. There is none when tracing is off or an instrumentation makes it. */
export function startRpcSpan(path: string, traceparent: unknown): Span | undefined {
  return tracesEdge('grpc') ? startServerSpan(nameOf(path), traceparent) : undefined;
}

/** Ends the span with the status of the call. It fails only for failures of the server. */
export function endRpcSpan(span: Span | undefined, path: string, code: status): void {
  if (!span?.isRecording()) return;
  const attributes = { 'rpc.system': 'grpc', ...methodOf(path), 'rpc.grpc.status_code': code };
  endSpan(span, { attributes, failed: SERVER_FAILURES.has(code) });
}

/**
 * Interceptor of a gRPC client: gives each call of a recorded trace a span and sends the `traceparent` of the span in its
 * metadata. Other calls pass unchanged.
 */
export const traceCalls: Interceptor = (options, nextCall) => {
  if (!isTraced() || !tracesEdge('grpc')) return new InterceptingCall(nextCall(options));
  const { path } = options.method_definition;
  const span = startClientSpan(nameOf(path), { 'rpc.system': 'grpc', ...methodOf(path) });
  return new InterceptingCall(nextCall(options), {
    start: (metadata, _listener, next) => {
      metadata.set('traceparent', traceparentOf(span) ?? '');
      next(metadata, {
        onReceiveStatus: (result, pass) => {
          const attributes = { 'rpc.grpc.status_code': result.code };
          endSpan(span, { attributes, failed: result.code !== status.OK });
          pass(result);
        },
      });
    },
  });
};

function nameOf(path: string): string {
  return path.replace(/^\//, '');
}
