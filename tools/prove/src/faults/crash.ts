import type { AppName } from '@orders/dev/stack/topology';
import { until } from '@orders/dev/stack/until';
import { CRASH_POINTS } from '../prove-build/crash-points.ts';
import { NotInjected, type Fault } from './fault.ts';

/** Under load every point is passed many times a second. */
const REACHED_WITHIN_MS = 5_000;

/** `kill -9` at the worst instants, which a random one hardly ever meets: of the replica that gets there first. */
export const CRASH_FAULT: Fault = {
  name: 'crash at a point',
  targets: CRASH_POINTS.map(({ name }) => name),
  durationMs: [0, 0],
  component: appOf,
  begin: async ({ system, armed }, { target }) => {
    const replicas = system.replicas[appOf(target)];
    for (const replica of replicas) replica.supervised = false;
    armed.arm(target);
    try {
      const isReached = async (): Promise<boolean> => !armed.isArmed(target);
      await until(isReached, { timeoutMs: REACHED_WITHIN_MS, what: target }).catch(() => undefined);
      if (armed.disarm(target)) throw new NotInjected(`nobody came by ${target}`);
      const dead = await until(async () => replicas.find(({ pid }) => pid === undefined), {
        timeoutMs: 5_000,
        what: `the death at ${target}`,
      });
      return () => dead.start();
    } finally {
      for (const replica of replicas) replica.supervised = replica.pid !== undefined;
    }
  },
};

function appOf(target: string): AppName {
  return CRASH_POINTS.find(({ name }) => name === target)!.app;
}
