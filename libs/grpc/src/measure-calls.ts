import { InterceptingCall, type Interceptor } from '@grpc/grpc-js';
import { histogram } from '@orders/instrumentation';
import { METRICS } from './metric-definitions.js';
import { methodOf } from './rpc-span.js';

const duration = histogram(METRICS.clientDuration);

/** Interceptor of a gRPC client: measures each call, a repetition as one more (`rpc_client_duration_seconds`). */
export const measureCalls: Interceptor = (options, nextCall) => {
  const startedAt = performance.now();
  const { path } = options.method_definition;
  return new InterceptingCall(nextCall(options), {
    start: (metadata, _listener, next) =>
      next(metadata, {
        onReceiveStatus: (result, pass) => {
          const seconds = (performance.now() - startedAt) / 1_000;
          duration.record(seconds, { ...methodOf(path), 'rpc.grpc.status_code': result.code });
          pass(result);
        },
      }),
  });
};
