import type { MetricDefinitions } from './metrics/definition.js';

/** What every process exports, under the names that Prometheus' client libraries use. */
export const METRICS = {
  build: {
    kind: 'gauge',
    name: 'build.info',
    description: 'Always 1: the version of the app and that of Node are labels',
    labels: { version: 'one a process', node: 'one a process' },
    apps: 'all',
  },
  spansDropped: {
    kind: 'counter',
    name: 'otel.spans.dropped',
    description:
      'Spans that did not reach the collector: the export failed, or the queue was full meanwhile; 0 without tracing',
    labels: { reason: ['failed', 'queue_full'] },
    apps: 'all',
  },
  memory: {
    kind: 'gauge',
    name: 'process.resident_memory.bytes',
    description: 'Resident set size',
    apps: 'all',
  },
  heap: {
    kind: 'gauge',
    name: 'nodejs.heap_size_used.bytes',
    description: 'JavaScript heap in use',
    apps: 'all',
  },
  cpu: {
    kind: 'observed-counter',
    name: 'process.cpu.seconds',
    description: 'User and system time',
    labels: { mode: ['user', 'system'] },
    apps: 'all',
  },
  startTime: {
    kind: 'gauge',
    name: 'process.start_time.seconds',
    description: 'Start, since the epoch',
    apps: 'all',
  },
  delayP99: {
    kind: 'gauge',
    name: 'nodejs.eventloop_lag_p99.seconds',
    description: 'Event loop delay since the last scrape, 99th percentile',
    apps: 'all',
  },
  delayMax: {
    kind: 'gauge',
    name: 'nodejs.eventloop_lag_max.seconds',
    description: 'Event loop delay since the last scrape, longest',
    apps: 'all',
  },
} as const satisfies MetricDefinitions;
