import autocannon, { type Request } from 'autocannon';
import type { Load, LoadResult } from './generator.ts';
import { callerHeaders, ORDER, PATHS, type RequestKind } from './requests.ts';

// Runs in a process of its own: its CPU is not counted as the bench's, and its pauses do not delay the bench.
const load = JSON.parse(process.env['LOAD'] ?? '') as Load;
const callers = load.callers.map((caller) => ({
  headers: callerHeaders(load, caller.token),
  paths: { read: PATHS.read(caller), page: PATHS.page() },
}));
const run = Date.now().toString(16);
const sent = { reads: 0, writes: 0 };

const result = await autocannon({
  url: load.api,
  connections: load.connections,
  duration: load.seconds,
  // Each connection goes through them over and over.
  requests: load.cycle.map(requestOf),
});
const summary: LoadResult = {
  seconds: result.duration,
  acknowledged: result['2xx'],
  errors: result.non2xx + result.errors + result.timeouts,
  ...sent,
  p50Ms: result.latency.p50,
  p99Ms: result.latency.p99,
};
console.log(JSON.stringify(summary));

function requestOf(kind: RequestKind): Request {
  if (kind !== 'write') return { method: 'GET', path: '/orders', setupRequest: (each) => read(each, kind) };
  return { method: 'POST', path: '/orders', body: ORDER, setupRequest: write };
}

function read(request: Request, kind: Exclude<RequestKind, 'write'>): Request {
  const { headers, paths } = nextCaller();
  const path = paths[kind][Math.floor(Math.random() * paths[kind].length)]!;
  sent.reads += 1;
  return { ...request, path, headers };
}

function write(request: Request): Request {
  const { headers } = nextCaller();
  sent.writes += 1;
  const own = { 'Content-Type': 'application/json', 'Idempotency-Key': `${run}-${sent.writes}` };
  return { ...request, headers: { ...headers, ...own } };
}

function nextCaller() {
  return callers[(sent.reads + sent.writes) % callers.length]!;
}
