import { Problem } from '../bootstrap/problem.mjs';

/** What was started, and how it ends. */
export interface Running {
  stop(): Promise<void>;
}

/**
 * Keeps what was started until the signal aborts, then stops it. Whatever fails meanwhile in this process, the greeting or a
 * write to a terminal that is gone, stops it as well.
 * @param greet what is said first
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
  // After a failure it stays: while all stops, more may fail for the same reason.
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
