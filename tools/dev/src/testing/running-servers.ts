const KEY = Symbol.for('orders-platform.integration-servers');
const shared = globalThis as { [KEY]?: AsyncDisposableStack };

/** What the set-up of the integration tests started; a global, because Jest loads set-up and teardown separately. */
export const running = (shared[KEY] ??= new AsyncDisposableStack());
