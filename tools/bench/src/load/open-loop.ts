import { join } from 'node:path';
import { Problem } from '@orders/dev/bootstrap/problem.mjs';
import { run } from '@orders/dev/stack/run';

/** Open loop: requests are due at fixed times, whatever becomes of those before. */
export interface OpenLoad {
  /** Base URL of the gateway. */
  api: string;
  /** Tokens of as many customers, taken in turn. */
  tokens: readonly string[];
  perSecond: number;
  seconds: number;
  /** Over so many connections; a connection that is busy is written to all the same (pipelining). */
  connections: number;
}

export interface OpenLoopResult {
  seconds: number;
  /** Requests that were due. */
  due: number;
  /** By status; `none` = no answer within 10 s or a connection that ended, `unsent` = more open than a client can have. */
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
