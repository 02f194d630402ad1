import type { MetricDefinitions } from '@orders/instrumentation';
import { SIZE_BUCKETS } from '@orders/instrumentation/buckets';

const batcher = 'the batchers of the code';

/** What every process exports of its certificates and files, and those that gather requests of their batches. */
export const METRICS = {
  items: {
    kind: 'histogram',
    name: 'batch.items',
    description: 'Items in a batch when it is sent',
    buckets: SIZE_BUCKETS,
    labels: { batcher },
    apps: 'some',
  },
  refused: {
    kind: 'counter',
    name: 'batch.refused',
    description: 'Items that were not sent, or not answered in time, by reason: full (queue), late, gone',
    labels: { batcher, reason: ['full', 'late', 'gone'] },
    apps: 'some',
  },
  queueLength: {
    kind: 'gauge',
    name: 'batch.queue.length',
    description: 'Items that wait to be sent in a batch',
    labels: { batcher },
    apps: 'some',
  },
  tlsEnabled: {
    kind: 'gauge',
    name: 'tls.enabled',
    description: '1 when the process has certificates, 0 in plaintext',
    apps: 'all',
  },
  tlsRotations: {
    kind: 'counter',
    name: 'tls.rotations',
    description: 'Times that other certificates were taken into use',
    apps: 'all',
  },
  tlsExpiry: {
    kind: 'gauge',
    name: 'tls.certificate.expiry.seconds',
    description: 'Time until the certificate in use, or a CA above it, expires; negative afterwards',
    apps: 'all',
  },
  tlsRefused: {
    kind: 'gauge',
    name: 'tls.rotation.refused',
    description: '1 while the certificate files cannot be used and older certificates stay in use, else 0',
    apps: 'all',
  },
  fileRefused: {
    kind: 'gauge',
    name: 'file.refused',
    description: '1 while the content of a file cannot be used and older content stays in use, else 0',
    labels: { variable: 'the variables that name files' },
    apps: 'some',
  },
} as const satisfies MetricDefinitions;
