import type { Fault } from './fault.ts';

/** Faults of the synchronous standby: commits wait for it meanwhile, and no order may be acknowledged. */
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
];
