import { join } from 'node:path';
import { Problem } from '@orders/dev/bootstrap/problem.mjs';
import { run } from '@orders/dev/stack/run';

/**
 * Open loop, as a crowd of clients behind a proxy makes it: requests are due at fixed times, whatever becomes of those
 * before. The proxy has a pool of 1,000 kept-alive connections (Envoy's default is 1,024) with one request at a time on
 * each, no pipelining. What is due when all of them wait for an answer is never sent: it is counted as `overflow`, and
 * its user has got a 503 from the proxy. A server that is slow to refuse therefore sees fewer requests than are due; how
 * many it saw is `sent`.
 */
export interface OpenLoad {
  /** Base URL of the gateway. */
  api: string;
  /** Tokens of as many customers, taken in turn. */
  tokens: readonly string[];
  perSecond: number;
  seconds: number;
}

export interface OpenLoopResult {
  seconds: number;
  /** Requests that were due. */
  due: number;
  /** Requests that went out to the gateway. */
  sent: number;
  /** By status; `none` = no answer within 5 s, or a connection that ended; `overflow` = no connection was free. */
  byStatus: Record<string, number>;
  /** From when it was due to when 201 came, in ms. */
  p50Ms: number;
  p99Ms: number;
  /** 201s in each second of the run. */
  goodput: number[];
  /** What the generator itself cost, in seconds of processor time. */
  cpuSeconds: number;
}

const SCRIPT = join(import.meta.dirname, 'open-loop-process.ts');

/** Runs it in a process of its own. */
export async function openLoop(load: OpenLoad, signal: AbortSignal): Promise<OpenLoopResult> {
  const env = { ...process.env, LOAD: JSON.stringify(load) };
  const printed = await run(process.execPath, ['--disable-warning=ExperimentalWarning', SCRIPT], {
    env,
    signal,
  });
  const result = /^\{.*\}$/m.exec(printed)?.[0];
  if (result === undefined) throw new Problem(`The load generator printed no result: ${printed}`);
  return JSON.parse(result) as OpenLoopResult;
}
