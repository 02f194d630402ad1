import { sleep } from './sleep.js';

/**
 * Runs `task` now, and again `ms` after each run has ended, until `signal` aborts. Up to a tenth is added to each pause,
 * so that replicas do not run at the same time. A run that fails is reported to `onError` and does not end the loop.
 *
 * @param ms pause between two runs, in ms
 * @returns resolves when `signal` has aborted and the run under way has ended
 */
export async function every(
  ms: number,
  task: () => Promise<unknown>,
  { signal, onError }: { signal: AbortSignal; onError: (error: unknown) => void },
): Promise<void> {
  while (!signal.aborted) {
    await task().catch(onError);
    await sleep(ms * (1 + Math.random() / 10), signal);
  }
}
