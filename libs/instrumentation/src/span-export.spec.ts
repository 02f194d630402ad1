import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { BatchSpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace';
import { metricsText } from './metrics/scrape.js';
import { logSpanExport, spanExportMeters } from './span-export.js';

let collectorIsUp = true;
let collectorIsSlow = false;
/** Ends the export that a slow collector keeps waiting. */
let finish: (() => void) | undefined;
let provider: TracerProvider;
const lines: string[] = [];

beforeEach(() => {
  const exporter = {
    export: (_spans: unknown, done: (result: object) => void) => {
      finish = () => done(collectorIsUp ? { code: 0 } : { code: 1, error: new TypeError('refused') });
      if (!collectorIsSlow) finish();
    },
    shutdown: () => Promise.resolve(),
  };
  const processor = new BatchSpanProcessor({
    exporter: exporter as never,
    selfObsMeterProvider: spanExportMeters,
    maxQueueSize: 3,
    maxExportBatchSize: 3,
    scheduledDelayMillis: 3_600_000,
  });
  provider = new TracerProvider({ spanProcessors: [processor] });
  const note = (fields: object, message: string) => void lines.push(`${message} ${JSON.stringify(fields)}`);
  logSpanExport({ info: note, warn: note });
});
afterEach(() => provider.shutdown());

async function exportSpans(count: number): Promise<void> {
  for (let n = 0; n < count; n += 1) provider.getTracer('test').startSpan('span').end();
  await provider.forceFlush().catch(() => undefined);
}

const dropped = async (reason: string) =>
  Number(
    new RegExp(`^otel_spans_dropped_total\\{reason="${reason}"\\} (\\d+)$`, 'm').exec(
      await metricsText(),
    )?.[1],
  );

it('tells a dead collector once, and once when it takes spans again, and counts the spans between', async () => {
  expect([await dropped('failed'), await dropped('queue_full')]).toEqual([0, 0]);
  collectorIsUp = false;
  await exportSpans(2);
  await exportSpans(2);
  expect(await dropped('failed')).toBe(4);
  collectorIsUp = true;
  await exportSpans(1);
  await exportSpans(1);
  expect(lines).toEqual([
    'spans do not reach the collector and are dropped {"error":"TypeError"}',
    'spans reach the collector again {}',
  ]);
  expect(await dropped('failed')).toBe(4);
});

it('counts the spans for which the queue has no room while the collector is slow', async () => {
  collectorIsSlow = true;
  for (let n = 0; n < 8; n += 1) provider.getTracer('test').startSpan('span').end();
  expect(await dropped('queue_full')).toBe(2);
  collectorIsSlow = false;
  finish?.();
});
