import type { MetricDefinitions } from '@orders/instrumentation';
import { DURATION_BUCKETS } from '@orders/instrumentation/buckets';

const upstream = 'the apps that this one calls';
const call = {
  'rpc.service': 'the services in the declarations',
  'rpc.method': 'their methods',
  'rpc.grpc.status_code': 'the 17 codes of gRPC',
};

/** What servers and clients of gRPC export. */
export const METRICS = {
  serverDuration: {
    kind: 'histogram',
    name: 'rpc.server.duration.seconds',
    description: 'Duration of gRPC calls at the server',
    buckets: DURATION_BUCKETS,
    exemplars: true,
    labels: call,
    apps: 'grpc',
  },
  clientDuration: {
    kind: 'histogram',
    name: 'rpc.client.duration.seconds',
    description: 'Duration of gRPC calls at the client, from the start of each attempt',
    buckets: DURATION_BUCKETS,
    labels: call,
    apps: 'call',
  },
  refusals: {
    kind: 'counter',
    name: 'rpc.server.refusals',
    description:
      'Connections and calls that the gRPC server refused for their identity or protocol, by reason',
    labels: {
      reason: [
        'CERT_HAS_EXPIRED',
        'CERT_NOT_YET_VALID',
        'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
        'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
        'SELF_SIGNED_CERT_IN_CHAIN',
        'DEPTH_ZERO_SELF_SIGNED_CERT',
        'INVALID_PURPOSE',
        'ERR_SSL_PEER_DID_NOT_RETURN_A_CERTIFICATE',
        'ERR_SSL_UNSUPPORTED_PROTOCOL',
        'ERR_SSL_WRONG_VERSION_NUMBER',
        'ERR_SSL_HTTP_REQUEST',
        'CLIENT_GONE',
        'NOT_HTTP2',
        'PERMISSION_DENIED',
        'UNAUTHENTICATED',
        'OTHER',
      ],
    },
    apps: 'grpc',
  },
  breakerChanges: {
    kind: 'counter',
    name: 'breaker.changes',
    description: 'Changes of the state of a circuit breaker, by upstream and new state',
    labels: { upstream, state: ['closed', 'half-open', 'open'] },
    apps: 'call',
  },
  breakerState: {
    kind: 'gauge',
    name: 'breaker.state',
    description: 'State of a circuit breaker, by upstream: 0 closed, 1 half-open, 2 open',
    labels: { upstream },
    apps: 'call',
  },
} as const satisfies MetricDefinitions;
