import { Problem } from '../bootstrap/problem.mjs';

/** Something that was started and can be stopped. */
export interface Running {
  stop(): Promise<void>;
}

/**
 * Keeps the system running until the signal aborts, then stops it. An error in this process meanwhile, in the greeting or in
 * a write to a closed terminal, stops it too.
 * @param greet called first, once
 * @throws Problem of one line when something failed, after everything has stopped
 */
export async function keepRunning(
  running: Running,
  stopped: AbortSignal,
  greet: () => Promise<void>,
): Promise<void> {
  const over = Promise.withResolvers<void>();
  stopped.addEventListener('abort', () => over.resolve(), { once: true });
  if (stopped.aborted) over.resolve();
  // After a failure the listener stays: more may fail for the same reason during the stop.
  const fail = (error: unknown): void => over.reject(error);
  process.on('uncaughtException', fail);
  try {
    await Promise.race([greet().then(() => over.promise), over.promise]);
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new Problem(`npm start failed and has stopped everything: ${why}`, { cause });
  } finally {
    await running.stop();
  }
  process.off('uncaughtException', fail);
}
