import { APPS, type AppDeclaration } from '@orders/dev/stack/declarations';
import { consumersOf, producersOf } from '@orders/dev/stack/event-flow';
import type { Patch } from './patch.ts';
import { SOURCES } from './sources.ts';

/** A place in the code at which an app of the prove build can be made to die. */
export interface CrashPoint {
  /** `fulfillment-before-commit` */
  readonly name: string;
  readonly app: string;
  /** Its name in the code of the app or of a lib. */
  readonly place: string;
}

interface Place {
  readonly name: string;
  /** The apps that run this code. */
  readonly appsIn: AppsIn;
  readonly patch: Patch;
}

type AppsIn = (apps: readonly AppDeclaration[]) => readonly string[];

const GATEWAY: AppsIn = () => ['gateway'];
const ORDERS: AppsIn = () => ['orders'];
const PRODUCERS: AppsIn = (apps) => producersOf(apps).map(({ name }) => name);
const CONSUMERS: AppsIn = (apps) => consumersOf(apps).map(({ name }) => name);

/** Places where half-done work could be lost or done twice. `crashAt` comes from crash-here.mjs. */
const PLACES: readonly Place[] = [
  before('before-insert', ORDERS, {
    file: SOURCES.ordersRepository,
    line: 'const statement = { sql: CREATE, parameters, prepared: true };',
  }),
  after('after-commit', ORDERS, {
    file: SOURCES.ordersRepository,
    line: 'const created = new Set(rows.map(({ id }) => id));',
  }),
  before('before-commit', ORDERS, { file: SOURCES.within, line: 'await runner.commitTransaction();' }),
  after('relay-after-read', PRODUCERS, {
    file: SOURCES.relay,
    line: 'const { entries, isHeldBack } = await this.options.log.read(from, limit);',
    when: 'entries.length > 0',
  }),
  before('relay-after-publish', PRODUCERS, {
    file: SOURCES.relay,
    line: 'const passed = await this.advance(from, entries.slice(0, failedAt), receipts);',
    when: 'entries.length > 0',
  }),
  before('relay-after-advance', PRODUCERS, {
    file: SOURCES.relay,
    line: 'this.leased = moved ? { ...from, ...to } : undefined;',
  }),
  before('before-commit', CONSUMERS, { file: SOURCES.inboxConsumer, line: 'return applied;' }),
  before('after-commit', CONSUMERS, {
    file: SOURCES.inboxConsumer,
    line: 'for (const delivery of batch) delivery.ack();',
  }),
  before('before-call', GATEWAY, {
    file: SOURCES.gatewayController,
    line: 'const { order, replayed } = await this.orders.createOrder(',
  }),
  before('after-call', GATEWAY, {
    file: SOURCES.gatewayController,
    line: "if (replayed) reply.header(REPLAYED_METADATA, 'true');",
  }),
];

/** The patches that put the crash points into the prove build. */
export const CRASH_PATCHES: readonly Patch[] = PLACES.map(({ patch }) => patch);

/** Each place in each app that runs its code. */
export function crashPointsOf(apps: readonly AppDeclaration[]): CrashPoint[] {
  return PLACES.flatMap(({ name: place, appsIn }) =>
    appsIn(apps).map((app) => ({ name: `${app}-${place}`, app, place })),
  );
}

/** The crash points of this workspace. */
export const CRASH_POINTS = crashPointsOf(APPS);

interface Line {
  file: string;
  /** Occurs once. */
  line: string;
  when?: string;
}

function before(name: string, appsIn: AppsIn, { file, line, when }: Line): Place {
  return { name, appsIn, patch: { file, from: line, to: `${crash(name, when)} ${line}` } };
}

function after(name: string, appsIn: AppsIn, { file, line, when }: Line): Place {
  return { name, appsIn, patch: { file, from: line, to: `${line} ${crash(name, when)}` } };
}

function crash(place: string, when: string | undefined): string {
  const call = `globalThis.crashAt?.(${JSON.stringify(place)});`;
  return when === undefined ? call : `if (${when}) ${call}`;
}
