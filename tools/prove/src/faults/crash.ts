import { until } from '@orders/dev/stack/until';
import { of } from '@orders/dev/stack/wiring';
import type { CrashPoint } from '../prove-build/crash-points.ts';
import { NotInjected, type Fault } from './fault.ts';

/** Under load, processes reach every point many times a second. */
const REACHED_WITHIN_MS = 5_000;

/** `kill -9` at the worst instants, which a random kill hardly ever hits. It kills the replica that reaches the point first. */
export function crashFault(points: readonly CrashPoint[]): Fault {
  const pointNamed = (target: string): CrashPoint => points.find(({ name }) => name === target)!;
  return {
    name: 'crash at a point',
    targets: points.map(({ name }) => name),
    durationMs: [0, 0],
    component: (target) => pointNamed(target).app,
    begin: async ({ system, armed }, { target }) => {
      const point = pointNamed(target);
      const replicas = of(system.replicas, point.app);
      for (const replica of replicas) replica.supervised = false;
      armed.arm(point);
      try {
        const isReached = async (): Promise<boolean> => !armed.isArmed(point);
        await until(isReached, { timeoutMs: REACHED_WITHIN_MS, what: target }).catch(() => undefined);
        if (armed.disarm(point)) throw new NotInjected(`no process reached ${target}`);
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
}
