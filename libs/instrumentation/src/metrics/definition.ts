/**
 * The apps that export a metric, by what they declare in their `app.json`: `all`; those that serve `http` or `grpc`, that
 * `call` others, have a `database`, `publish` or `consume` events, or check `tokens`. `some`: those whose code uses it.
 */
export type MetricApps =
  'all' | 'http' | 'grpc' | 'call' | 'database' | 'publish' | 'consume' | 'tokens' | 'some';

/** The values of a label: a list of all, or in words what bounds their number. */
export type LabelValues = readonly string[] | string;

interface Definition {
  /**
   * Name of the instrument, unique among all apps. It ends in its unit, `seconds` or `bytes`, unless it counts. On `/metrics`
   * its dots are underscores, and a counter ends in `_total`.
   */
  readonly name: string;
  /** One line, for the scrape and the catalogue. */
  readonly description: string;
  /** Each is bounded: the SDK drops no series, however many there are. Default none. */
  readonly labels?: Readonly<Record<string, LabelValues>>;
  readonly apps: MetricApps;
}

export interface CounterDefinition extends Definition {
  readonly kind: 'counter';
}

/** A value, or with `observed-counter` a sum, that is read at each scrape. */
export interface ObservedDefinition extends Definition {
  readonly kind: 'gauge' | 'observed-counter';
}

export interface HistogramDefinition extends Definition {
  readonly kind: 'histogram';
  /** Upper bounds, ascending, in the unit of the name. The SDK's own would be those of milliseconds. */
  readonly buckets: readonly number[];
  /** Whether it keeps exemplars, which lead from a bucket to a trace. Default false. */
  readonly exemplars?: boolean;
}

export type MetricDefinition = CounterDefinition | ObservedDefinition | HistogramDefinition;

/**
 * The metrics of a lib or an app: the `METRICS` of its `metric-definitions.ts`, which imports buckets and types alone, because
 * the generator of docs/metrics.md runs it from source.
 */
export type MetricDefinitions = Readonly<Record<string, MetricDefinition>>;

type ValueOf<Values> = Values extends readonly string[] ? Values[number] : string | number;

/** The labels that a measurement of a metric has. */
export type LabelsOf<D extends MetricDefinition> = D extends { readonly labels: infer Labels }
  ? { readonly [Name in keyof Labels]: ValueOf<Labels[Name]> }
  : Record<never, never>;

/** The labels whose values the definition does not list. */
export type OpenLabel<D extends MetricDefinition> = D extends { readonly labels: infer Labels }
  ? { [Name in keyof Labels]: Labels[Name] extends readonly string[] ? never : Name }[keyof Labels]
  : never;

/** The name of a metric on `/metrics`, as Prometheus has it. */
export function prometheusName({ kind, name }: Pick<MetricDefinition, 'kind' | 'name'>): string {
  const isCounter = kind === 'counter' || kind === 'observed-counter';
  return name.replaceAll('.', '_') + (isCounter ? '_total' : '');
}
