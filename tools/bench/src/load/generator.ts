import type { Caller, RequestKind } from './requests.ts';

/** Closed loop: each connection sends its next request when the last is answered. */
export interface Load {
  /** Base URL of the gateway. */
  api: string;
  /** The requests that are sent over and over. */
  cycle: readonly RequestKind[];
  /** They take turns. */
  callers: readonly Caller[];
  /** More headers of every request. */
  headers?: Record<string, string> | undefined;
  connections: number;
  seconds: number;
}

export interface LoadResult {
  seconds: number;
  /** Requests answered 2xx. Those in flight at the end are cut off and not counted. */
  acknowledged: number;
  /** Other answers, and requests without one. */
  errors: number;
  /** Requests sent that store an order, and all others. Those cut off at the end are counted. */
  writes: number;
  reads: number;
  p50Ms: number;
  p99Ms: number;
}

/** A program that makes the load, in a process of its own. */
export interface Generator {
  /** Name and version. */
  name: string;
  run(load: Load, signal: AbortSignal): Promise<LoadResult>;
}
