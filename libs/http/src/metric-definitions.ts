import type { MetricDefinitions } from '@orders/instrumentation';
import { DURATION_BUCKETS } from '@orders/instrumentation/buckets';

/** What an HTTP server exports. */
export const METRICS = {
  duration: {
    kind: 'histogram',
    name: 'http.server.request.duration.seconds',
    description: 'Duration of HTTP requests at the server',
    buckets: DURATION_BUCKETS,
    exemplars: true,
    labels: {
      // Those of OpenTelemetry's conventions: Node's parser knows many more.
      'http.request.method': [
        'GET',
        'HEAD',
        'POST',
        'PUT',
        'DELETE',
        'CONNECT',
        'OPTIONS',
        'TRACE',
        'PATCH',
        '_OTHER',
      ],
      'http.route': 'the routes of the app as declared, with `:id`; `unmatched`',
      'http.response.status_code': 'the codes of HTTP, and 499 when the client went away before the answer',
    },
    apps: 'http',
  },
} as const satisfies MetricDefinitions;
