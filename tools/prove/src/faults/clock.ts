import type { AppDeclaration } from '@orders/dev/stack/declarations';
import { of } from '@orders/dev/stack/wiring';
import { fakeTime } from '../fake-time.ts';
import type { Fault } from './fault.ts';

/**
 * One replica works with a clock that is an hour off. Leases and times are those of Postgres, so nothing may depend on it.
 * Apps that check tokens are left out: an hour is beyond the tolerance of tokens.
 */
export function clockFault(apps: readonly AppDeclaration[]): Fault {
  return {
    name: 'clock an hour off',
    targets: apps.filter(({ tokens }) => !tokens).map(({ name }) => name),
    durationMs: [500, 3_000],
    needs: 'fake time',
    component: (target) => target,
    begin: async ({ system }, { target, random }) => {
      const replica = random.pick(of(system.replicas, target));
      await replica.stop();
      await replica.start({ env: fakeTime.environment(random.pick(['+1h', '-1h'])) });
      return async () => {
        await replica.stop();
        await replica.start();
      };
    },
  };
}
