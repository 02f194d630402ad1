// Preloaded into every app when a cost is planted: each HTTP request burns the microseconds of processor time that it names.
import { subscribe } from 'node:diagnostics_channel';

subscribe('http.server.request.start', (message) => {
  const { request } = /** @type {{ request: import('node:http').IncomingMessage }} */ (message);
  const burnUs = Number(request.headers['bench-burn-us'] ?? 0);
  const end = process.hrtime.bigint() + BigInt(Math.round(burnUs * 1_000));
  while (process.hrtime.bigint() < end);
});
