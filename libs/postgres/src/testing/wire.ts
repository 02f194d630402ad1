/**
 * How the call of a process reaches a server of the model and its answer comes back: `effect` is what the server
 * does. Rejects when either is lost on the way, and then nobody knows whether the effect took place.
 */
export type Wire = <T>(what: string, effect: () => T | Promise<T>) => Promise<T>;

/** A wire that loses nothing and takes no time. */
export const directWire: Wire = async (_what, effect) => effect();

/** As node-postgres says it when the server goes away in the middle of a statement. */
export class ConnectionLost extends Error {
  override readonly name = 'ConnectionLost';
  readonly code = '08006';
}
