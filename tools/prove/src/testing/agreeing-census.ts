import type { Census } from '../census.ts';

/** A census of one order on which all places agree. Fulfillment stores much of it, loyalty its id, audit nothing. */
export function agreeingCensus(): Census {
  const shared = { id: 'o1', customer: 'alice', units: 3, totalCents: 30 };
  const taken = () => ({
    consumes: ['orders.created', 'orders.canceled'],
    inbox: new Set(['e1']),
    deadLetters: [],
  });
  return {
    orders: [{ ...shared, key: 'k1', hash: 'h1', status: 'CREATED' }],
    log: [{ id: 'e1', type: 'orders.created', producer: 'orders', order: 'o1' }],
    stream: { events: new Map([['e1', 1]]), poison: [] },
    consumers: [
      { ...taken(), name: 'fulfillment', effects: [{ ...shared, canceled: false, events: 1 }] },
      { ...taken(), name: 'loyalty', effects: [{ id: 'o1', events: 1 }] },
      { ...taken(), name: 'audit', effects: undefined },
    ],
  };
}
