import type { AppName } from '@orders/dev/stack/topology';
import type { Patch } from './patch.ts';

/** An instant at which the prove build can be told to die. */
export interface CrashPoint {
  readonly name: string;
  readonly app: AppName;
  readonly patch: Patch;
}

const REPOSITORY = 'apps/orders/src/orders/postgres-orders.repository.ts';
const WITHIN = 'libs/postgres/src/within.ts';
const RELAY = 'libs/outbox/src/relay.ts';
const CONSUMER = 'libs/inbox/src/inbox-consumer.ts';
const EDGE = 'apps/gateway/src/orders/orders.controller.ts';

/** Where what is half done could be lost or done again. `crashAt` is that of crash-here.mjs. */
export const CRASH_POINTS: readonly CrashPoint[] = [
  before('orders-before-insert', 'orders', {
    file: REPOSITORY,
    line: 'const statement = { sql: CREATE, parameters, prepared: true };',
  }),
  after('orders-after-commit', 'orders', {
    file: REPOSITORY,
    line: 'const created = new Set(rows.map(({ id }) => id));',
  }),
  before('orders-before-commit', 'orders', { file: WITHIN, line: 'await runner.commitTransaction();' }),
  after('relay-after-read', 'orders', {
    file: RELAY,
    line: 'const { entries, isHeldBack } = await this.options.log.read(from, limit);',
    when: 'entries.length > 0',
  }),
  before('relay-after-publish', 'orders', {
    file: RELAY,
    line: 'const passed = await this.advance(from, entries.slice(0, failedAt), receipts);',
    when: 'entries.length > 0',
  }),
  before('relay-after-advance', 'orders', { file: RELAY, line: 'if (moved) this.leased = to;' }),
  before('fulfillment-before-commit', 'fulfillment', {
    file: CONSUMER,
    line: 'return applied;',
  }),
  before('fulfillment-after-commit', 'fulfillment', {
    file: CONSUMER,
    line: 'for (const delivery of batch) delivery.ack();',
  }),
  before('gateway-before-call', 'gateway', {
    file: EDGE,
    line: 'const { order, replayed } = await this.orders.createOrder(',
  }),
  before('gateway-after-call', 'gateway', {
    file: EDGE,
    line: "if (replayed) reply.header(REPLAYED_METADATA, 'true');",
  }),
];

interface Line {
  file: string;
  /** Occurs once. */
  line: string;
  when?: string;
}

function before(name: string, app: AppName, { file, line, when }: Line): CrashPoint {
  return { name, app, patch: { file, from: line, to: `${crash(name, when)} ${line}` } };
}

function after(name: string, app: AppName, { file, line, when }: Line): CrashPoint {
  return { name, app, patch: { file, from: line, to: `${line} ${crash(name, when)}` } };
}

function crash(name: string, when: string | undefined): string {
  const call = `globalThis.crashAt?.(${JSON.stringify(name)});`;
  return when === undefined ? call : `if (${when}) ${call}`;
}
