const KEY = Symbol.for('orders-platform.integration-servers');
const shared = globalThis as { [KEY]?: AsyncDisposableStack };

/** What the integration tests' set-up started; Jest loads set-up and teardown apart from each other, so it hangs on the process. */
export const running = (shared[KEY] ??= new AsyncDisposableStack());
