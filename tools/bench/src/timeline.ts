import type { SpanRecord } from '@orders/dev/otlp-receiver';
import { CONSUMERS, ofConsumer } from './consumers.ts';
import { percentile } from './percentile.ts';

/** Time of a mark in ms since 1970; undefined when the trace has no such span, or several. */
type MarkOf = (trace: readonly SpanRecord[]) => number | undefined;

/** The marks on the way of an order, by the spans of its trace. The way of its event begins with the commit. */
function marksWith(consumers: readonly string[]): Record<string, MarkOf> {
  const consumed = consumers.flatMap((name): [string, MarkOf][] => [
    [`taken by ${name}`, startOf(name, /^process /)],
    [`applied by ${name}`, endOf(name, /^process /)],
  ]);
  return {
    received: startOf('gateway', /^POST \/orders$/),
    called: startOf('gateway', /\/CreateOrders$/),
    arrived: startOf('orders', /\/CreateOrders$/),
    written: startOf('orders', /^pg\.query/),
    committed: endOf('orders', /^pg\.query/),
    answered: endOf('gateway', /^POST \/orders$/),
    published: startOf('orders', /^publish /),
    ...Object.fromEntries(consumed),
  };
}

type StageOf = readonly [name: string, from: string, to: string];

function stagesWith(consumers: readonly string[]): readonly StageOf[] {
  const consumed = consumers.flatMap((name): StageOf[] => [
    [ofConsumer('JetStream: stored, delivered, gathering', name, consumers), 'published', `taken by ${name}`],
    [`${name}: inbox and effect, commit`, `taken by ${name}`, `applied by ${name}`],
    [ofConsumer('event, all of it', name, consumers), 'committed', `applied by ${name}`],
  ]);
  return [
    ['gateway: token, schema, gathering for a call', 'received', 'called'],
    ['the call on its way to orders', 'called', 'arrived'],
    ['orders: rules, gathering for a transaction', 'arrived', 'written'],
    ['Postgres: order and event, commit', 'written', 'committed'],
    ['the answer on its way back', 'committed', 'answered'],
    ['POST, all of it', 'received', 'answered'],
    ['relay: read from the log', 'committed', 'published'],
    ...consumed,
  ];
}

export interface Stage {
  name: string;
  /** Means of stages that follow each other add up. */
  meanMs: number;
  p99Ms: number;
}

export interface Timeline {
  /** Orders whose trace was complete. */
  traces: number;
  stages: Stage[];
}

/**
 * How long orders took from one mark to the next. The SDK's clock begins a span at a whole millisecond: a single span is
 * inexact, the mean of many is not.
 *
 * @param consumers default: all of this workspace
 */
export function timelineOf(
  spans: readonly SpanRecord[],
  consumers: readonly string[] = CONSUMERS.map(({ name }) => name),
): Timeline {
  const wanted = marksWith(consumers);
  const traces = [...Map.groupBy(spans, ({ traceId }) => traceId).values()].flatMap((trace) =>
    marksIn(trace, wanted),
  );
  const stages = stagesWith(consumers).map(([name, from, to]) => {
    const took = traces.map((marks) => marks[to]! - marks[from]!).sort((a, b) => a - b);
    const meanMs = took.reduce((sum, ms) => sum + ms, 0) / took.length;
    return { name, meanMs, p99Ms: percentile(took, 0.99) };
  });
  return { traces: traces.length, stages };
}

/** The marks of a trace; none when one is missing: work that several orders share is in the trace of the first. */
function marksIn(trace: readonly SpanRecord[], wanted: Record<string, MarkOf>): Record<string, number>[] {
  const marks = Object.entries(wanted).map(([mark, of]) => [mark, of(trace)] as const);
  return marks.every(([, at]) => at !== undefined)
    ? [Object.fromEntries(marks) as Record<string, number>]
    : [];
}

function startOf(service: string, name: RegExp): MarkOf {
  return (trace) => timeOf(only(trace, service, name)?.startTimeUnixNano);
}

function endOf(service: string, name: RegExp): MarkOf {
  return (trace) => timeOf(only(trace, service, name)?.endTimeUnixNano);
}

function only(trace: readonly SpanRecord[], service: string, name: RegExp): SpanRecord | undefined {
  const [span, ...others] = trace.filter((each) => each.service === service && name.test(each.name));
  return others.length === 0 ? span : undefined;
}

function timeOf(nanoseconds: string | undefined): number | undefined {
  return nanoseconds === undefined ? undefined : Number(nanoseconds) / 1e6;
}
