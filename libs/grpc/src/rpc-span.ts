import { InterceptingCall, type Interceptor, status } from '@grpc/grpc-js';
import {
  endSpan,
  isTraced,
  type Span,
  startClientSpan,
  startServerSpan,
  traceparentOf,
  tracingIsOn,
} from '@orders/instrumentation';

/** Where it is the caller who did something wrong, the server did not fail. */
const SERVER_FAILURES = new Set([
  status.UNKNOWN,
  status.DEADLINE_EXCEEDED,
  status.UNIMPLEMENTED,
  status.INTERNAL,
  status.UNAVAILABLE,
  status.DATA_LOSS,
]);

/** `/package.Service/Method` as attributes of OpenTelemetry's semantic conventions. */
export function methodOf(path: string) {
  const [, service, method] = /^\/?(.*)\/(.*)$/.exec(path) ?? [];
  return { 'rpc.service': service ?? '', 'rpc.method': method ?? path };
}

/** The span of a call at its server, under that of its client; none where tracing is off. */
export function startRpcSpan(path: string, traceparent: unknown): Span | undefined {
  return tracingIsOn() ? startServerSpan(nameOf(path), traceparent) : undefined;
}

/** Ends it with its outcome; a failure of ours is one of the span. */
export function endRpcSpan(span: Span | undefined, path: string, code: status): void {
  if (!span?.isRecording()) return;
  const attributes = { 'rpc.system': 'grpc', ...methodOf(path), 'rpc.grpc.status_code': code };
  endSpan(span, { attributes, failed: SERVER_FAILURES.has(code) });
}

/**
 * Interceptor of a gRPC client: a call that is part of a recorded trace has a span, and the `traceparent` in its
 * metadata is that of the span. Other calls pass as they are.
 */
export const traceCalls: Interceptor = (options, nextCall) => {
  if (!isTraced()) return new InterceptingCall(nextCall(options));
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
