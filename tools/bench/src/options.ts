import { UsageError } from '@orders/dev/bootstrap/problem.mjs';
import { countOf, parseArguments } from '@orders/dev/command-line';

/** The scenarios. The default is `load`. */
export const SCENARIOS = [
  'load',
  'timeline',
  'steady',
  'overload',
  'replay',
  'outage',
  'growth',
  'startup',
  'tls',
  'guard',
] as const;
export type Scenario = (typeof SCENARIOS)[number];

export interface BenchOptions {
  scenario: Scenario;
  /** Numbers of connections: one load for each. */
  connections: number[];
  /** Length of one load. */
  seconds: number;
  /** Events in the log that is replayed. */
  events: number;
  /** The larger number of stored orders in `growth`. */
  orders: number;
  quick: boolean;
  /** Without TLS between the processes. */
  insecure: boolean;
  /** Adds this many per cent to the CPU of each order, to see that the guard notices; 0 = none. */
  plant: number;
  /** One JSON document on standard output, and nothing else there. */
  json: boolean;
}

export const USAGE = `npm run bench -- [scenario] [options]: puts load on a system with fresh data and measures what it costs
  load      (default) orders at 16, 64 and 128 connections, without tracing and with it: CPU per order and event lag;
            and the CPU of pgbench for the same orders, which the costs are divided by
  timeline  how long each stage of an order and its event takes at 64 connections and at half of that load, by traces
  steady    a minute at peak: the log of events must not grow
  overload  open loop at 1, 2, 5 and 10 times the capacity; then one customer at ten times beside 50 others
  replay    100,000 events drain from the log, then are published again to each consumer
  outage    orders are taken while NATS is down, then the log drains
  growth    CPU per order with 10 thousand and with 5 million orders stored
  startup   time from start to ready, idle and loaded memory of each app: medians of 10 starts
  tls       what TLS between the processes adds to the CPU of an order at 64 connections; fails above 12 %
  guard     short: fails when the CPU of an order, relative to pgbench, is above the limit of guard.json

  --connections 16,64    other numbers of connections (load)
  --seconds N            length of one load (load and timeline 12, overload 10, steady and outage 60, guard 5)
  --events N             events in the log (replay)
  --orders N             the larger number of stored orders (growth)
  --quick                a first figure in a minute: load at 64 connections only, 6 s, without tracing
  --insecure             without TLS between the processes, to see what it costs
  --plant PERCENT        burn this much more CPU in the gateway for each order: the guard must fail
  --json                 one JSON document on standard output (with npm run --silent bench -- --json)`;

const SECONDS: Partial<Record<Scenario, number>> = { overload: 10, steady: 60, outage: 60, guard: 5 };
const DEFAULT = { connections: '16,64,128', seconds: 12, events: 100_000, orders: 5_000_000 };
const QUICK = { connections: '64', seconds: 6 };

/** @throws UsageError naming the option that is wrong */
export function parseOptions(argv: readonly string[]): BenchOptions {
  const { values, positionals } = parse(argv);
  const { quick = false, insecure = false, json = false } = values;
  const scenario = scenarioFrom(positionals);
  const wanted = quick ? QUICK : DEFAULT;
  const number = (name: 'seconds' | 'events' | 'orders' | 'plant', fallback: number): number =>
    values[name] === undefined ? fallback : countOf(name, values[name]);
  return {
    scenario,
    connections: (values.connections ?? wanted.connections)
      .split(',')
      .map((text) => countOf('connections', text)),
    seconds: number('seconds', quick ? QUICK.seconds : (SECONDS[scenario] ?? DEFAULT.seconds)),
    events: number('events', DEFAULT.events),
    orders: number('orders', DEFAULT.orders),
    plant: number('plant', 0),
    quick,
    insecure,
    json,
  };
}

function parse(argv: readonly string[]) {
  return parseArguments({
    args: [...argv],
    allowPositionals: true,
    options: {
      connections: { type: 'string' },
      seconds: { type: 'string' },
      events: { type: 'string' },
      orders: { type: 'string' },
      plant: { type: 'string' },
      quick: { type: 'boolean' },
      insecure: { type: 'boolean' },
      json: { type: 'boolean' },
    },
  });
}

function scenarioFrom([name = 'load', ...more]: readonly string[]): Scenario {
  const scenario = SCENARIOS.find((known) => known === name);
  if (scenario === undefined || more.length > 0)
    throw new UsageError(`"${[name, ...more].join(' ')}" is none of: ${SCENARIOS.join(', ')}`);
  return scenario;
}
