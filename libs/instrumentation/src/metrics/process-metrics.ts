import { monitorEventLoopDelay } from 'node:perf_hooks';
import manifest from '../../package.json' with { type: 'json' };
import { METRICS } from '../metric-definitions.js';
import { observe } from './instruments.js';

const NANOSECONDS = 1e9;
const MICROSECONDS = 1e6;

/** Observes memory, CPU and event loop of this process. Values are read only when scraped. */
export function observeProcess(): void {
  const { build, memory, heap, cpu, startTime } = METRICS;
  observe([build, memory, heap, cpu, startTime], (set) => {
    set(build, 1, { version: manifest.version, node: process.versions.node });
    set(memory, process.memoryUsage.rss());
    set(heap, process.memoryUsage().heapUsed);
    const { user, system } = process.cpuUsage();
    set(cpu, user / MICROSECONDS, { mode: 'user' });
    set(cpu, system / MICROSECONDS, { mode: 'system' });
    set(startTime, performance.timeOrigin / 1_000);
  });
  observeEventLoop();
}

function observeEventLoop(): void {
  // A sample every 20 ms costs 50 timer wake-ups a second. The timer does not keep the process alive.
  const delay = monitorEventLoopDelay({ resolution: 20 });
  delay.enable();
  const { delayP99, delayMax } = METRICS;
  observe([delayP99, delayMax], (set) => {
    set(delayP99, delay.percentile(99) / NANOSECONDS);
    set(delayMax, delay.max / NANOSECONDS);
    delay.reset();
  });
}
