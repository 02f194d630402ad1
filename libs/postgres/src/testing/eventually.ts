/**
 * Resolves when `condition` holds; it is checked every 10 ms.
 *
 * @param what the condition in words, for the error
 * @param timeoutMs default 10 000
 * @throws when the condition does not hold within `timeoutMs`
 */
export async function eventually(
  what: string,
  condition: () => Promise<boolean> | boolean,
  timeoutMs = 10_000,
) {
  const until = performance.now() + timeoutMs;
  while (!(await condition())) {
    if (performance.now() > until) throw new Error(`not within ${timeoutMs} ms: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
