import type { Census, StoredOrder } from './census.ts';
import type { Operation } from './ledger.ts';
import { reconcileConsumer, type Taken } from './reconcile-consumer.ts';
import { STORE } from './store.ts';

export interface Reconciliation {
  /** Broken promises, each with its invariant; at most a few of each kind, and how many more. */
  findings: string[];
  lost: Tally;
  /** Events are counted in {@link streamDuplicates}: the stream may hold an event twice. */
  duplicated: Omit<Tally, 'events'>;
  phantom: Tally;
  /** Messages in the stream beyond the first of each event. */
  streamDuplicates: number;
}

export interface Tally {
  orders: number;
  /** Of orders that are stored. */
  events: number;
  effects: number;
}

/** The result when a server does not answer. */
export const NOT_RECONCILED: Reconciliation = {
  findings: ['nothing could be compared: a server does not answer'],
  lost: { orders: 0, events: 0, effects: 0 },
  duplicated: { orders: 0, effects: 0 },
  phantom: { orders: 0, events: 0, effects: 0 },
  streamDuplicates: 0,
};

/** Compares what clients know with the orders, the log, the stream and the effects (I1 to I6). */
export function reconcile(operations: ReadonlyMap<string, Operation>, census: Census): Reconciliation {
  const byId = new Map(census.orders.map((order) => [order.id, order]));
  const lost = lostOrders(operations, byId);
  const duplicated = doubles(operations, census.orders);
  const phantom = phantoms(operations, census.orders);
  const log = logAgainstOrders(census, byId);
  const stream = streamAgainstLog(census);
  const consumers = census.consumers.map((consumer) => reconcileConsumer(consumer, census));
  const sum = (of: (taken: Taken) => number): number =>
    consumers.reduce((total, each) => total + of(each), 0);
  return {
    findings: [
      ...[lost, duplicated, phantom, log.findings, stream.findings].flatMap((findings) => few(findings)),
      ...consumers.flatMap(({ label, findings }) => few(findings, label)),
    ],
    lost: {
      orders: lost.length,
      events: log.missing + stream.missing,
      effects: sum(({ missing }) => missing),
    },
    duplicated: { orders: duplicated.length, effects: sum(({ double }) => double) },
    phantom: {
      orders: phantom.length,
      events: log.phantom + stream.phantom,
      effects: sum((taken) => taken.phantom),
    },
    streamDuplicates: stream.duplicates,
  };
}

function few(findings: readonly string[], label = findings[0]?.slice(0, 2)): string[] {
  if (findings.length <= 5) return [...findings];
  return [...findings.slice(0, 5), `${label} … and ${findings.length - 5} more like these`];
}

function lostOrders(
  operations: ReadonlyMap<string, Operation>,
  byId: ReadonlyMap<string, StoredOrder>,
): string[] {
  const findings: string[] = [];
  for (const { key, customer, hash, acks, canceled } of operations.values()) {
    const id = acks[0]?.id;
    if (id === undefined) continue;
    const order = byId.get(id);
    if (!order) findings.push(`I1 acknowledged order ${id} (key ${key}) is not stored`);
    else if (order.customer !== customer || order.key !== key || order.hash !== hash)
      findings.push(`I1 order ${id} is stored with another customer, key or payload than was acknowledged`);
    else if (canceled && order.status !== 'CANCELED')
      findings.push(`I1 the cancellation of ${id} was acknowledged, but it is ${order.status}`);
  }
  return findings;
}

function doubles(operations: ReadonlyMap<string, Operation>, orders: readonly StoredOrder[]): string[] {
  const findings: string[] = [];
  const seen = new Set<string>();
  for (const { customer, key } of orders) {
    const name = JSON.stringify([customer, key]);
    if (seen.has(name)) findings.push(`I2 there are two orders for ${name}`);
    seen.add(name);
  }
  for (const { key, acks } of operations.values()) {
    const [first] = acks;
    if (acks.some(({ id }) => id !== first?.id))
      findings.push(`I2 the key ${key} was acknowledged with two orders`);
    else if (acks.some(({ body }) => body !== first?.body))
      findings.push(`I2 the key ${key} got two different answers`);
  }
  return findings;
}

function phantoms(operations: ReadonlyMap<string, Operation>, orders: readonly StoredOrder[]): string[] {
  return orders.flatMap(({ id, key, customer, hash }) => {
    const operation = operations.get(key);
    if (!operation || operation.customer !== customer)
      return [`I3 nobody asked for order ${id} (key ${key})`];
    if (!operation.valid) return [`I3 order ${id} (key ${key}) was stored although it is invalid`];
    return operation.hash === hash
      ? []
      : [`I3 order ${id} (key ${key}) has another payload than was asked for`];
  });
}

function logAgainstOrders({ orders, log }: Census, byId: ReadonlyMap<string, StoredOrder>) {
  const ours = log.filter(({ producer }) => producer === STORE);
  const logged = new Set(ours.map(({ order }) => order));
  const missing = orders.filter(({ id }) => !logged.has(id));
  const phantom = ours.filter(({ order }) => !byId.has(order));
  return {
    missing: missing.length,
    phantom: phantom.length,
    findings: [
      ...missing.map(({ id }) => `I4 order ${id} has no event in the log`),
      ...phantom.map(
        ({ id, order }) => `I4 event ${id} of the log is about order ${order}, which does not exist`,
      ),
    ],
  };
}

function streamAgainstLog({ log, stream }: Census) {
  const logged = new Set(log.map(({ id }) => id));
  const missing = [...logged].filter((event) => !stream.events.has(event));
  const foreign = [...stream.events.keys()].filter((event) => !logged.has(event));
  const messages = [...stream.events.values()].reduce((sum, count) => sum + count, 0);
  return {
    missing: missing.length,
    phantom: foreign.length,
    duplicates: messages - stream.events.size,
    findings: [
      ...missing.map((event) => `I5 event ${event} of the log is not in the stream`),
      ...foreign.map((event) => `I5 event ${event} of the stream is not in the log`),
    ],
  };
}
