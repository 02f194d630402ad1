// Preloaded into every app when a cost is planted: each HTTP request burns BENCH_BURN_US microseconds of processor time.
import { subscribe } from 'node:diagnostics_channel';

const burnUs = Number(process.env.BENCH_BURN_US);
subscribe('http.server.request.start', () => {
  const end = process.hrtime.bigint() + BigInt(Math.round(burnUs * 1_000));
  while (process.hrtime.bigint() < end);
});
