import type { MetricDefinitions } from './metrics/definition.js';

/** What every process exports, under the names that Prometheus' client libraries use. */
export const METRICS = {
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
