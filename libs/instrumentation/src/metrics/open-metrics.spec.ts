import { afterEach, describe, expect, it } from '@jest/globals';
import { parseTraceparent } from '../traceparent.js';
import { setTelemetry } from '../telemetry.js';
import type { MetricDefinitions } from './definition.js';
import { counter, observe, tracedHistogram } from './instruments.js';
import { scrape } from './scrape.js';

const METRICS = {
  stored: {
    kind: 'counter',
    name: 'om.stored',
    description: 'Stored "things" of C:\\',
    labels: { what: 'any' },
    apps: 'some',
  },
  size: { kind: 'gauge', name: 'om.size.bytes', description: 'Size', apps: 'some' },
  calls: {
    kind: 'histogram',
    name: 'om.calls.seconds',
    description: 'Calls',
    buckets: [0.1, 1],
    labels: { 'call.method': 'any' },
    exemplars: true,
    apps: 'some',
  },
} as const satisfies MetricDefinitions;

const TRACEPARENT = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
const { traceId, spanId } = parseTraceparent(TRACEPARENT)!;
const ACCEPT = 'application/openmetrics-text; version=1.0.0';
const calls = tracedHistogram(METRICS.calls);
const family = (body: string, name: string) => body.split('\n').filter((line) => line.includes(name));

afterEach(() => setTelemetry(undefined));

describe('OpenMetrics', () => {
  it('has type, unit and help of each family before its samples, and ends with EOF', async () => {
    counter(METRICS.stored, { what: ['a\n"b"'] });
    observe([METRICS.size], (set) => set(METRICS.size, 5));
    const { contentType, body } = await scrape(ACCEPT);
    expect(contentType).toBe('application/openmetrics-text; version=1.0.0; charset=utf-8');
    expect(family(body, 'om_stored')).toEqual([
      '# TYPE om_stored counter',
      '# HELP om_stored Stored \\"things\\" of C:\\\\',
      'om_stored_total{what="a\\n\\"b\\""} 0',
    ]);
    expect(family(body, 'om_size')).toEqual([
      '# TYPE om_size_bytes gauge',
      '# UNIT om_size_bytes bytes',
      '# HELP om_size_bytes Size',
      'om_size_bytes 5',
    ]);
    expect(body).toMatch(/\n# EOF\n$/);
  });

  it('has the newest sampled trace of each bucket as its exemplar, and no other', async () => {
    setTelemetry({ shutdown: () => Promise.resolve() });
    calls.record(0.5, { 'call.method': 'x' }, TRACEPARENT);
    calls.record(5, { 'call.method': 'x' }, TRACEPARENT.replace(/1$/, '0'));
    calls.record(0.05, { 'call.method': 'x' }, undefined);
    const { body } = await scrape(ACCEPT);
    const buckets = family(body, 'om_calls_seconds_bucket{call_method="x"');
    expect(buckets).toEqual([
      'om_calls_seconds_bucket{call_method="x",le="0.1"} 1',
      expect.stringMatching(
        new RegExp(
          `^om_calls_seconds_bucket\\{call_method="x",le="1"\\} 2 # \\{trace_id="${traceId}",span_id="${spanId}"\\} 0\\.5 1\\d{9}(\\.\\d+)?$`,
        ),
      ),
      'om_calls_seconds_bucket{call_method="x",le="+Inf"} 3',
    ]);
  });

  // Without a collector there is no trace that the exemplar could lead to, though each request has an id that says sampled.
  it('has no exemplars while tracing is off', async () => {
    calls.record(0.5, { 'call.method': 'untraced' }, TRACEPARENT);
    expect((await scrape(ACCEPT)).body).not.toMatch(/untraced.*#/);
  });

  it('leaves the text format as it is, without exemplars: one of them would fail the whole scrape', async () => {
    setTelemetry({ shutdown: () => Promise.resolve() });
    calls.record(0.5, { 'call.method': 'text' }, TRACEPARENT);
    const { contentType, body } = await scrape('text/plain');
    expect(contentType).toBe('text/plain; version=0.0.4; charset=utf-8');
    expect(body).toContain('om_calls_seconds_bucket{call_method="text",le="1"} 1\n');
    expect(body).not.toMatch(/\} \d+ #|# EOF|# UNIT/);
  });
});
