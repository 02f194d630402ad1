import { setTimeout as delay } from 'node:timers/promises';
import type { Fault } from './fault.ts';
import { serverProcess } from './server-process.ts';

/** Longer than the longest wait of a request: what waits for the standby is given up. */
const LAG_MS = 6_000;
const LAGGING = 'primary, while the standby lags';

/** Faults of a primary and its synchronous standby. While commits wait for the standby, no order may be acknowledged. */
export const STANDBY_FAULTS: readonly Fault[] = [
  {
    name: 'standby frozen',
    targets: ['standby'],
    durationMs: [300, 6_000],
    needs: 'standby',
    component: (target) => target,
    begin: async ({ front }) => {
      front!.standby!.freeze();
      return async () => front!.standby!.thaw();
    },
  },
  {
    name: 'standby stopped',
    targets: ['standby'],
    durationMs: [0, 3_000],
    needs: 'standby',
    component: (target) => target,
    begin: async ({ front }) => {
      const { server } = front!.standby!;
      await server.stop();
      return () => server.start();
    },
  },
  {
    name: 'failover',
    targets: ['primary', LAGGING],
    durationMs: [500, 4_000],
    needs: 'standby',
    component: () => ['postgres', 'standby'],
    begin: async ({ front, system }, { target }) => {
      const standby = front!.standby!;
      if (target === LAGGING) {
        standby.freeze();
        await delay(LAG_MS);
      }
      await serverProcess(system, 'postgres').kill();
      standby.thaw();
      await standby.promote();
      return () => standby.handBack();
    },
  },
];
