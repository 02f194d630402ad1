import type { RequestKind } from './requests.ts';

/** A load: what its connections ask for. */
export interface LoadDeclaration {
  /** The requests that are sent over and over. */
  cycle: readonly RequestKind[];
  /** Customers who take turns. Enough of them keep each below its rate limit. */
  callers: number;
  connections: number;
  /** More environment for the apps. */
  env?: NodeJS.ProcessEnv;
}

const SOME = { callers: 64, connections: 64 };

/** A single caller reaches its rate limit long before the system reaches its own. */
const WITHOUT_RATE_LIMIT = { RATE_LIMIT_PER_SECOND: '1000000', RATE_LIMIT_BURST: '1000000' };

/** Every load that can be measured. */
export const LOADS = {
  post: { cycle: ['write'], ...SOME },
  reads: { cycle: ['read'], ...SOME },
  pages: { cycle: ['page'], ...SOME },
  mixed: { cycle: [...Array.from({ length: 9 }, () => 'read' as const), 'write'], ...SOME },
  'one-caller': { cycle: ['write'], callers: 1, connections: 64, env: WITHOUT_RATE_LIMIT },
} as const satisfies Record<string, LoadDeclaration>;

export type LoadName = keyof typeof LOADS;
export const LOAD_NAMES = Object.keys(LOADS) as LoadName[];

export function loadOf(name: LoadName): LoadDeclaration {
  return LOADS[name];
}

/** Whether the load reads orders that must have been stored before. */
export function readsOrders({ cycle }: LoadDeclaration): boolean {
  return cycle.some((kind) => kind !== 'write');
}

/** The environment that all of the loads need. */
export function environmentOf(loads: readonly LoadName[]): NodeJS.ProcessEnv {
  return Object.assign({}, ...loads.map((load) => loadOf(load).env)) as NodeJS.ProcessEnv;
}
