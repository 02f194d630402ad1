/** Nest's token for a signal that aborts when the service stops: streams end then. */
export const STOPPED = Symbol('stopped');
