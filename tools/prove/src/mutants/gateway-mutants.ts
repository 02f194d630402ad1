import { SOURCES } from '../prove-build/sources.ts';
import type { Mutant } from './mutant.ts';

/** Bugs of the edge. */
export const GATEWAY_MUTANTS: readonly Mutant[] = [
  {
    name: 'retry-with-a-new-key',
    breaks: 'one order for each key',
    patches: [
      {
        file: SOURCES.batchedCall,
        from: 'caller: currentCaller() };',
        to: 'caller: currentCaller() }; let tries = 0;',
      },
      {
        file: SOURCES.batchedCall,
        from: 'this.batcher.add(pending)',
        to: `this.batcher.add(tries++ === 0 ? pending : { ...pending, request: { ...request, idempotencyKey: crypto.randomUUID() } })`,
      },
    ],
    exposedBy: {
      faults: ['cut', 'crash at a point', 'kill -9'],
      targets: ['gateway-orders', 'orders-after-commit', 'orders'],
    },
    seenAs: ['I3', 'I2', 'I1'],
  },
  {
    name: 'connect-without-limit',
    breaks: 'works again within 10 s',
    patches: [
      {
        file: SOURCES.channelCredentials,
        from: 'return limitConnect(plain, { upstream, logger });',
        to: 'return plain;',
      },
    ],
    exposedBy: { faults: ['black hole at connect'], targets: ['gateway-orders'] },
    seenAs: ['I8'],
  },
];
