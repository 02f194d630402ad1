import { join } from 'node:path';
import { Problem } from '@orders/dev/bootstrap/problem.mjs';
import { run } from '@orders/dev/stack/run';

/**
 * Open loop, like many clients behind a proxy: requests are due at fixed times, however long the earlier ones take. The
 * proxy has a pool of 1,000 keep-alive connections (Envoy's default is 1,024) with one request at a time on each, no
 * pipelining. A request that is due while all of them are busy is never sent: it counts as `overflow`, and its user gets a
 * 503 from the proxy. A server that refuses slowly therefore sees fewer requests than are due; `sent` counts them.
 */
export interface OpenLoad {
  /** Base URL of the gateway. */
  api: string;
  /** One token for each customer, used in turn. */
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
  /** Time from when a request was due to its 201, in ms. */
  p50Ms: number;
  p99Ms: number;
  /** 201s in each second of the run. */
  goodput: number[];
  /** Processor time of the generator itself, in seconds. */
  cpuSeconds: number;
}

const SCRIPT = join(import.meta.dirname, 'open-loop-process.ts');

/** Runs the load in a process of its own. */
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
