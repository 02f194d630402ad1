/** Closed loop: each connection sends its next order when the last is answered. */
export interface Load {
  /** Base URL of the gateway. */
  api: string;
  /** One token for each customer, used in turn. Enough customers keep each below its rate limit. */
  tokens: readonly string[];
  connections: number;
  seconds: number;
}

export interface LoadResult {
  seconds: number;
  /** Orders answered 201. Requests in flight at the end are cut off and not counted. */
  acknowledged: number;
  /** Other answers, and requests without one. */
  errors: number;
  p50Ms: number;
  p99Ms: number;
}

/** A program that makes the load, in a process of its own. */
export interface Generator {
  /** Name and version. */
  name: string;
  run(load: Load, signal: AbortSignal): Promise<LoadResult>;
}
