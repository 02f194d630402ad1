import { monitorEventLoopDelay } from 'node:perf_hooks';

import type { Meter } from '@opentelemetry/api';

const NANOSECONDS = 1e9;
const MICROSECONDS = 1e6;

/**
 * Observes memory, CPU and event loop of this process, under the names that Prometheus' client libraries use. Values are
 * read only when scraped.
 */
export function observeProcess(meter: Meter): void {
  meter
    .createObservableGauge('process.resident_memory.bytes', { description: 'Resident set size' })
    .addCallback((result) => result.observe(process.memoryUsage.rss()));
  meter
    .createObservableGauge('nodejs.heap_size_used.bytes', { description: 'JavaScript heap in use' })
    .addCallback((result) => result.observe(process.memoryUsage().heapUsed));
  meter
    .createObservableCounter('process.cpu.seconds', { description: 'User and system time' })
    .addCallback((result) => {
      const { user, system } = process.cpuUsage();
      result.observe(user / MICROSECONDS, { mode: 'user' });
      result.observe(system / MICROSECONDS, { mode: 'system' });
    });
  meter
    .createObservableGauge('process.start_time.seconds', { description: 'Start, since the epoch' })
    .addCallback((result) => result.observe(performance.timeOrigin / 1_000));
  observeEventLoop(meter);
}

function observeEventLoop(meter: Meter): void {
  // A sample every 20 ms costs 50 timer wake-ups a second. The timer does not keep the process alive.
  const delay = monitorEventLoopDelay({ resolution: 20 });
  delay.enable();
  const p99 = meter.createObservableGauge('nodejs.eventloop_lag_p99.seconds', {
    description: 'Event loop delay since the last scrape, 99th percentile',
  });
  const max = meter.createObservableGauge('nodejs.eventloop_lag_max.seconds', {
    description: 'Event loop delay since the last scrape, longest',
  });
  meter.addBatchObservableCallback(
    (result) => {
      result.observe(p99, delay.percentile(99) / NANOSECONDS);
      result.observe(max, delay.max / NANOSECONDS);
      delay.reset();
    },
    [p99, max],
  );
}
