/** npm, its shell and the terminal may each deliver the same Ctrl-C: a signal this soon after the first is the same one. */
const SAME_PRESS_MS = 750;

/**
 * A signal that aborts on Ctrl-C, SIGTERM, SIGHUP, or when the process that started us is gone. A second Ctrl-C calls
 * `onSecond` and exits at once.
 */
export function stopOnSignals({ onSecond }: { onSecond: () => void }): AbortSignal {
  const controller = new AbortController();
  let first: number | undefined;
  const stop = (): void => {
    first ??= performance.now();
    if (performance.now() - first > SAME_PRESS_MS) {
      onSecond();
      process.exit(130);
    }
    controller.abort(new Error('stopped'));
  };
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(name, stop);
  process.once('disconnect', () => controller.abort(new Error('the parent process is gone')));
  return controller.signal;
}
