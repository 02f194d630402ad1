/** Closed loop: each connection sends its next order when the last is answered. */
export interface Load {
  /** Base URL of the gateway. */
  api: string;
  /** Tokens of as many customers, taken in turn, so that the rate limit of a caller is never what is measured. */
  tokens: readonly string[];
  connections: number;
  seconds: number;
}

export interface LoadResult {
  seconds: number;
  /** Answered 201. What is under way when the time is over is cut off, and not in here. */
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
