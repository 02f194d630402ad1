import { sleep } from './sleep.js';

/**
 * Runs `task` now and then every `ms` (plus up to a tenth, so that replicas do not march in step), one run at a
 * time, until `signal` aborts. A run that fails is reported to `onError`, and the next one comes in its turn.
 *
 * @param ms pause between two runs, in ms
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
