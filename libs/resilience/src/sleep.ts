/**
 * Resolves after `ms`, or at once when `signal` aborts. Never rejects, so that a loop is written
 * `while (!signal.aborted) { …; await sleep(ms, signal); }`.
 *
 * @param ms in ms
 */
export function sleep(ms: number, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    signal.addEventListener('abort', done, { once: true });
  });
}
