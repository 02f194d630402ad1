#!/usr/bin/env bash
# An observable gauge of the OpenTelemetry SDK for JavaScript, read with cumulative temporality as Prometheus' exporter does,
# goes on to be exported with its last value when its callback observes nothing any more, throws or rejects. The
# specification of the SDK (Metrics SDK, "Asynchronous instrument behavior") wants no data for what a successful callback does not
# observe. With delta temporality the gauge is left out, as one would expect.
#
# Seen on 2026-12-01: @opentelemetry/sdk-metrics 3.0.0, @opentelemetry/api 1.10.0, Node 24.21.0. Three reads each:
#   cumulative, then nothing    [7] [7] [7]
#   cumulative, then throws     [7] [7] [7]
#   cumulative, then rejects    [7] [7] [7]
#   delta, then nothing         [7] [] []
#   delta, then throws          [7] [] []
#   delta, then rejects         [7] [] []
#
# Fails when that changes. Needs Node 20 or newer and npm.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"

npm init -y >/dev/null
npm install --silent --no-audit --no-fund @opentelemetry/sdk-metrics@3.0.0 @opentelemetry/api@1.10.0

cat >try.mjs <<'JS'
import { AggregationTemporality, MeterProvider, MetricReader } from '@opentelemetry/sdk-metrics';

class Reader extends MetricReader {
  onForceFlush() {
    return Promise.resolve();
  }
  onShutdown() {
    return Promise.resolve();
  }
}
const fail = () => {
  throw new Error('its source is away');
};
const later = { nothing: () => undefined, throws: fail, rejects: async () => fail() };
for (const temporality of ['CUMULATIVE', 'DELTA']) {
  for (const [what, then] of Object.entries(later)) {
    const aggregationTemporalitySelector = () => AggregationTemporality[temporality];
    const reader = new Reader({ aggregationTemporalitySelector });
    const provider = new MeterProvider({ readers: [reader] });
    let calls = 0;
    provider
      .getMeter('test')
      .createObservableGauge('lag')
      .addCallback((result) => ((calls += 1) === 1 ? result.observe(7) : then()));
    const reads = [];
    for (let read = 0; read < 3; read += 1) {
      const { resourceMetrics } = await reader.collect();
      const metrics = resourceMetrics.scopeMetrics.flatMap((scope) => scope.metrics);
      const values = metrics.flatMap(({ dataPoints }) => dataPoints.map(({ value }) => value));
      reads.push(JSON.stringify(values));
    }
    console.log(`${temporality.toLowerCase()}, then ${what}`.padEnd(27), reads.join(' '));
  }
}
JS

expected='cumulative, then nothing    [7] [7] [7]
cumulative, then throws     [7] [7] [7]
cumulative, then rejects    [7] [7] [7]
delta, then nothing         [7] [] []
delta, then throws          [7] [] []
delta, then rejects         [7] [] []'
seen=$(node try.mjs)
echo "$seen"
[[ "$seen" == "$expected" ]] || { echo 'It behaves otherwise now.' >&2; exit 1; }
