import type { Attributes, Histogram, Meter, Observable } from '@opentelemetry/api';
import type {
  CounterDefinition,
  HistogramDefinition,
  LabelsOf,
  MetricDefinition,
  ObservedDefinition,
  OpenLabel,
} from './definition.js';
import { Exemplars, type Origin } from './exemplars.js';
import { provider } from './provider.js';

const meter: Meter = provider.getMeter('orders');

type Labels<D extends MetricDefinition> = keyof LabelsOf<D> extends never ? [] : [labels: LabelsOf<D>];

/** The counter of a definition. */
export interface CounterOf<D extends CounterDefinition> {
  add(value: number, ...labels: Labels<D>): void;
}

/** The histogram of a definition. */
export interface HistogramOf<D extends HistogramDefinition> {
  record(value: number, ...labels: Labels<D>): void;
}

/** The histogram of a definition with exemplars. */
export interface TracedHistogramOf<D extends HistogramDefinition> {
  /** @param origin where the value was measured: its trace is an exemplar when it is recorded */
  record(value: number, labels: LabelsOf<D>, origin: Origin): void;
}

/**
 * A counter. It starts at 0 for all values of its labels: a series that appears with its first event hides that event from
 * `increase`.
 *
 * @param known the values of the labels that the definition describes in words only
 */
export function counter<D extends CounterDefinition>(
  { name, description, labels = {} }: D,
  ...known: [OpenLabel<D>] extends [never] ? [] : [Readonly<Record<OpenLabel<D>, readonly string[]>>]
): CounterOf<D> {
  const created = meter.createCounter(name, { description });
  const values = Object.assign({}, labels, ...known) as Record<string, readonly string[]>;
  for (const combination of combinations(values)) created.add(0, combination);
  return created;
}

/** A histogram with the buckets of its definition. */
export function histogram<D extends HistogramDefinition>(definition: D): HistogramOf<D> {
  return newHistogram(definition);
}

/** A histogram whose buckets lead to traces, in OpenMetrics. */
export function tracedHistogram<D extends HistogramDefinition & { exemplars: true }>(
  definition: D,
): TracedHistogramOf<D> {
  const own = newHistogram(definition);
  const exemplars = new Exemplars(definition.name, definition.buckets);
  return {
    record: (value, labels, origin) => {
      own.record(value, labels);
      exemplars.offer(value, labels, origin);
    },
  };
}

function newHistogram({ name, description, buckets }: HistogramDefinition): Histogram {
  return meter.createHistogram(name, { description, advice: { explicitBucketBoundaries: [...buckets] } });
}

/** Sets the value of an observed metric for this scrape. */
export type Observe<D extends ObservedDefinition> = <Of extends D>(
  definition: Of,
  value: number,
  ...labels: Labels<Of>
) => void;

/**
 * Observes one or more metrics at each scrape. When `read` fails or takes longer than 2 s, they are left out of it.
 *
 * @param definitions those that `read` may set
 */
export function observe<D extends ObservedDefinition>(
  definitions: readonly D[],
  read: (set: Observe<D>) => void | Promise<void>,
): void {
  meter.addBatchObservableCallback(
    (result) =>
      read((definition, value, ...labels) => result.observe(observable(definition), value, ...labels)),
    definitions.map(observable),
  );
}

/** By name: the SDK would keep one for each call, and search all of them. */
const observables = new Map<string, Observable>();

function observable({ kind, name, description }: ObservedDefinition): Observable {
  const known = observables.get(name);
  if (known) return known;
  const create = kind === 'gauge' ? 'createObservableGauge' : 'createObservableCounter';
  const created = meter[create](name, { description });
  observables.set(name, created);
  return created;
}

function combinations(values: Readonly<Record<string, readonly string[]>>): Attributes[] {
  return Object.entries(values).reduce<Attributes[]>(
    (sets, [label, each]) => sets.flatMap((set) => each.map((value) => ({ ...set, [label]: value }))),
    [{}],
  );
}
