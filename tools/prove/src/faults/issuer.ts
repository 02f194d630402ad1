import type { Fault } from './fault.ts';

/** The issuer of tokens is down. Gateways know its keys, so that nobody may notice. */
export const ISSUER_FAULT: Fault = {
  name: 'issuer stopped',
  targets: ['issuer'],
  durationMs: [500, 5_000],
  unnoticed: true,
  component: (target) => target,
  begin: async ({ system: { issuer } }) => {
    await issuer.stop();
    return () => issuer.start();
  },
};
