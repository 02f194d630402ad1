/**
 * Resolves when the condition holds; it is tried at each turn of the event loop. A loop without a deadline would go on
 * after its test has failed, and the run would never end.
 *
 * @param what the condition in words, for the error
 * @param timeoutMs default 20 000, less than the limit of a test
 * @throws when the condition does not hold within `timeoutMs`
 */
export async function eventually(
  what: string,
  condition: () => Promise<boolean> | boolean,
  timeoutMs = 20_000,
): Promise<void> {
  const until = performance.now() + timeoutMs;
  while (!(await condition())) {
    if (performance.now() > until) throw new Error(`not within ${timeoutMs} ms: ${what}`);
    await new Promise(setImmediate);
  }
}
