import { UsageError } from '@orders/dev/bootstrap/problem.mjs';
import { countOf, parseArguments } from '@orders/dev/command-line';

/** What can be measured; `load` when nothing is named. */
export const SCENARIOS = [
  'load',
  'timeline',
  'steady',
  'overload',
  'replay',
  'outage',
  'growth',
  'startup',
  'guard',
] as const;
export type Scenario = (typeof SCENARIOS)[number];

export interface BenchOptions {
  scenario: Scenario;
  /** One load each. */
  connections: number[];
  /** Of one load. */
  seconds: number;
  /** In the log that is replayed. */
  events: number;
  /** Stored when the costs of many are measured. */
  orders: number;
  quick: boolean;
  /** Make each order dearer by so many per cent, to see that the guard notices; 0 = no. */
  plant: number;
  /** One JSON document on standard output, and nothing else there. */
  json: boolean;
}

export const USAGE = `npm run bench -- [scenario] [options]: load on fresh data, and what it costs
  load      (default) orders at 16, 64 and 128 connections, without tracing and with; CPU per order, event lag; and
            what the same orders cost pgbench, which the costs are divided by
  timeline  where the milliseconds of an order and its event go at 64 connections and at half of that, by traces
  steady    a minute at peak: the log of events does not grow
  overload  open loop at 1, 2, 5 and 10 times of what the system can do; one customer at ten times beside others
  replay    100,000 events drain from the log, and are published again to each consumer
  outage    orders are taken while NATS is away, then the log drains
  growth    CPU per order with 10 thousand and with 5 million orders stored
  startup   start to ready, idle and loaded memory of each app: medians of 10 starts
  guard     short: fails when an order has become dearer, relative to pgbench, than guard.json allows

  --connections 16,64    other numbers of connections (load)
  --seconds N            length of one load (load and timeline 12, overload 10, steady and outage 60, guard 5)
  --events N             size of the log (replay)
  --orders N             how many are many (growth)
  --quick                a first figure in a minute: load at 64 connections only, 6 s, without tracing
  --plant PERCENT        burn so much more in the gateway for each order: the guard must fail
  --json                 one JSON document on standard output (with npm run --silent bench -- --json)`;

const SECONDS: Partial<Record<Scenario, number>> = { overload: 10, steady: 60, outage: 60, guard: 5 };
const DEFAULT = { connections: '16,64,128', seconds: 12, events: 100_000, orders: 5_000_000 };
const QUICK = { connections: '64', seconds: 6 };

/** @throws UsageError naming the option that is wrong */
export function parseOptions(argv: readonly string[]): BenchOptions {
  const { values, positionals } = parse(argv);
  const { quick = false, json = false } = values;
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
