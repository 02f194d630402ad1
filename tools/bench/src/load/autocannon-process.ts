import autocannon from 'autocannon';
import type { Load, LoadResult } from './generator.ts';
import { requestHead, TAIL } from './order-request.ts';

// Runs in a process of its own: its CPU is not counted as the bench's, and its pauses do not delay the bench.
const load = JSON.parse(process.env['LOAD'] ?? '') as Load;
const headers = load.tokens.map((token) => parseHeaders(requestHead(load.api, token)));
const run = Date.now().toString(16);
let number = 0;

const result = await autocannon({
  url: `${load.api}/orders`,
  connections: load.connections,
  duration: load.seconds,
  requests: [
    {
      method: 'POST',
      body: TAIL.trimStart(),
      setupRequest: (request) => {
        number += 1;
        return {
          ...request,
          headers: { ...headers[number % headers.length], 'Idempotency-Key': `${run}-${number}` },
        };
      },
    },
  ],
});
const summary: LoadResult = {
  seconds: result.duration,
  acknowledged: result['2xx'],
  errors: result.non2xx + result.errors + result.timeouts,
  p50Ms: result.latency.p50,
  p99Ms: result.latency.p99,
};
console.log(JSON.stringify(summary));

function parseHeaders(head: string): Record<string, string> {
  const lines = head.split('\r\n').slice(1, -1);
  return Object.fromEntries(lines.map((line) => line.split(': ') as [string, string]));
}
