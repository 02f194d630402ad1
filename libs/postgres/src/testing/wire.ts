/**
 * Carries a call of a process to a server of the model, and its answer back. `effect` is what the server does. Rejects
 * when the request or the answer is lost; the caller cannot tell which, so the effect may have taken place.
 */
export type Wire = <T>(what: string, effect: () => T | Promise<T>) => Promise<T>;

/** A wire that loses nothing and takes no time. */
export const directWire: Wire = async (_what, effect) => effect();

/** The error of node-postgres for a server that goes away during a statement. */
export class ConnectionLost extends Error {
  override readonly name = 'ConnectionLost';
  readonly code = '08006';
}
