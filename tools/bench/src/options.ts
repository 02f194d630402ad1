import { UsageError } from '@orders/dev/bootstrap/problem.mjs';
import { countOf, parseArguments } from '@orders/dev/command-line';
import { LOAD_NAMES, type LoadName } from './load/loads.ts';

/** The scenarios. The default is `load`. */
export const SCENARIOS = [
  'load',
  'reads',
  'pages',
  'mixed',
  'one-caller',
  'consumer',
  'compare',
  'timeline',
  'steady',
  'overload',
  'replay',
  'outage',
  'growth',
  'scale',
  'soak',
  'startup',
  'tls',
  'guard',
] as const;
export type Scenario = (typeof SCENARIOS)[number];

export interface BenchOptions {
  scenario: Scenario;
  /** The commit to compare with; '' in other scenarios. */
  commit: string;
  /** What is compared. */
  loads: readonly LoadName[];
  /** Numbers of connections: one load for each. undefined = those of the load. */
  connections: number[] | undefined;
  /** Length of one load. */
  seconds: number;
  /** Turns of each of two builds. */
  pairs: number;
  /** Events in the log that is replayed or consumed. */
  events: number;
  /** The larger number of stored orders in `growth`. */
  orders: number;
  /** Length of `soak`. */
  minutes: number;
  quick: boolean;
  /** Without TLS between the processes. */
  insecure: boolean;
  /** Adds this many per cent to the CPU of each request, to see that the guard notices; 0 = none. */
  plant: number;
  /** One JSON document on standard output, and nothing else there. */
  json: boolean;
  /** The file for a report with charts; undefined = none. */
  html: string | undefined;
}

export const USAGE = `npm run bench -- [scenario] [options]: puts load on a system with fresh data and measures what it costs
  load        (default) orders at 16, 64 and 128 connections, without tracing and with it: CPU per order and event lag;
              and the CPU of pgbench for the same orders, which the costs are divided by
  reads       GET /orders/:id, and pgbench reading an order by its key
  pages       GET /orders?limit=20, and pgbench reading the same page
  mixed       nine reads to one write
  one-caller  orders at 128 connections of 64 callers, then of one, whose rate limit is lifted
  consumer    the consumers alone with a backlog of 50,000 events (--events)
  compare COMMIT  this build and that of a commit by turns: CPU per request and requests/s of one ÷ the other
  timeline    how long each stage of an order and its event takes at 64 connections and at half of that load, by traces
  steady      a minute at peak: the log of events must not grow
  overload    open loop at 1, 2, 5 and 10 times the capacity; then one customer at ten times beside 50 others
  replay      100,000 events drain from the log, then are published again to each consumer
  outage      orders are taken while NATS is down, then the log drains
  growth      CPU per order and per read with 10 thousand and with 5 million orders stored (--orders), sizes of the tables,
              and how long VACUUM, partitions and migrations take with so many
  scale       CPU per order with 1, 2 and 4 replicas of each app; fails when four need 10 % more than one
  soak        two minutes of mixed load (--minutes): the memory of no app may grow
  startup     time from start to ready, idle and loaded memory of each app: medians of 10 starts
  tls         what TLS between the processes adds to the CPU of an order at 64 connections; fails above 12 %
  guard       short: fails when the CPU of a request, relative to pgbench, is above the limit of guard.json

  --connections 16,64    other numbers of connections (load, reads, pages, mixed, one-caller, compare)
  --seconds N            length of one load (12; compare 8, overload 10, steady and outage 60, guard 4)
  --loads post,reads     what is compared: ${LOAD_NAMES.join(', ')} (default post,reads,mixed,pages)
  --pairs N              turns of each build (compare, default 6)
  --events N             events in the log (replay, consumer)
  --orders N             the larger number of stored orders (growth)
  --minutes N            length of the load (soak, default 2)
  --quick                a first figure in a minute: load at 64 connections only, 6 s, without tracing
  --insecure             without TLS between the processes, to see what it costs
  --plant PERCENT        burn this much more CPU in the gateway for each request: the guard must fail
  --html FILE            also write a report with charts, one file that needs nothing else
  --json                 one JSON document on standard output (with npm run --silent bench -- --json)`;

type Numbers = Pick<BenchOptions, 'seconds' | 'pairs' | 'events' | 'orders' | 'minutes' | 'plant'>;

const DEFAULT: Numbers = { seconds: 12, pairs: 6, events: 100_000, orders: 5_000_000, minutes: 2, plant: 0 };
const QUICK = { connections: '64', seconds: 6 };
const COMPARED: readonly LoadName[] = ['post', 'reads', 'mixed', 'pages'];

/** What differs from the defaults in a scenario. */
const OWN: Partial<Record<Scenario, Partial<Numbers>>> = {
  compare: { seconds: 8 },
  consumer: { events: 50_000 },
  overload: { seconds: 10 },
  steady: { seconds: 60 },
  outage: { seconds: 60 },
  guard: { seconds: 4 },
};

/** @throws UsageError naming the option that is wrong */
export function parseOptions(argv: readonly string[]): BenchOptions {
  const { values, positionals } = parse(argv);
  const { quick = false, insecure = false, json = false, html } = values;
  const { scenario, commit } = scenarioFrom(positionals);
  const defaults = { ...DEFAULT, ...OWN[scenario], ...(quick && { seconds: QUICK.seconds }) };
  const number = (name: keyof Numbers): number =>
    values[name] === undefined ? defaults[name] : countOf(name, values[name]);
  return {
    ...{ scenario, commit, quick, insecure, json, html },
    loads: values.loads?.split(',').map(loadFrom) ?? COMPARED,
    connections: connectionsFrom(values.connections ?? defaultConnections(scenario, quick)),
    seconds: number('seconds'),
    pairs: number('pairs'),
    events: number('events'),
    orders: number('orders'),
    minutes: number('minutes'),
    plant: number('plant'),
  };
}

function parse(argv: readonly string[]) {
  return parseArguments({
    args: [...argv],
    allowPositionals: true,
    options: {
      connections: { type: 'string' },
      seconds: { type: 'string' },
      loads: { type: 'string' },
      pairs: { type: 'string' },
      events: { type: 'string' },
      orders: { type: 'string' },
      minutes: { type: 'string' },
      plant: { type: 'string' },
      quick: { type: 'boolean' },
      insecure: { type: 'boolean' },
      html: { type: 'string' },
      json: { type: 'boolean' },
    },
  });
}

function scenarioFrom([name = 'load', ...more]: readonly string[]) {
  const scenario = SCENARIOS.find((known) => known === name);
  const [commit = '', ...others] = scenario === 'compare' ? more : ['', ...more];
  if (scenario === undefined || others.length > 0)
    throw new UsageError(`"${[name, ...more].join(' ')}" is none of: ${SCENARIOS.join(', ')}`);
  if (scenario === 'compare' && commit === '') throw new UsageError('compare needs a commit to compare with');
  return { scenario, commit };
}

function loadFrom(name: string): LoadName {
  const load = LOAD_NAMES.find((known) => known === name);
  if (load === undefined) throw new UsageError(`--loads: "${name}" is none of: ${LOAD_NAMES.join(', ')}`);
  return load;
}

function connectionsFrom(text: string | undefined): number[] | undefined {
  return text?.split(',').map((each) => countOf('connections', each));
}

function defaultConnections(scenario: Scenario, quick: boolean): string | undefined {
  if (scenario === 'one-caller') return '128';
  if (scenario !== 'load') return undefined;
  return quick ? QUICK.connections : '16,64,128';
}
