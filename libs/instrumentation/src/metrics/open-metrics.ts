import {
  DataPointType,
  type DataPoint,
  type Histogram,
  type MetricData,
  type ResourceMetrics,
} from '@opentelemetry/sdk-metrics';
import type { Attributes } from '@opentelemetry/api';
import { type Exemplar, exemplarsOf } from './exemplars.js';

/** The content type of {@link openMetrics}. */
export const OPEN_METRICS = 'application/openmetrics-text; version=1.0.0; charset=utf-8';

/** Each unit that a name may end in: a unit that is no suffix of the name fails the whole scrape. */
const UNIT = /_(seconds|bytes)$/;

/**
 * Writes metrics in OpenMetrics 1.0, with exemplars, which the text format has no place for. Series have the names and labels
 * that they have in the text format.
 */
export function openMetrics({ scopeMetrics }: ResourceMetrics): string {
  // A family must stand in one piece, whichever meters it comes from.
  const families = Map.groupBy(
    scopeMetrics.flatMap(({ metrics }) => metrics),
    ({ descriptor }) => sanitized(descriptor.name),
  );
  return [...families].map(([name, metrics]) => familyOf(name, metrics)).join('') + '# EOF\n';
}

function familyOf(name: string, metrics: readonly MetricData[]): string {
  const [first] = metrics;
  if (!first || metrics.some(({ dataPointType }) => dataPointType !== first.dataPointType)) return '';
  const [, unit] = UNIT.exec(name) ?? [];
  return [
    `# TYPE ${name} ${typeOf(first)}\n`,
    unit ? `# UNIT ${name} ${unit}\n` : '',
    `# HELP ${name} ${escaped(first.descriptor.description)}\n`,
    ...metrics.map((metric) => samplesOf(name, metric)),
  ].join('');
}

function typeOf(metric: MetricData): 'counter' | 'gauge' | 'histogram' {
  if (metric.dataPointType === DataPointType.SUM) return metric.isMonotonic ? 'counter' : 'gauge';
  return metric.dataPointType === DataPointType.GAUGE ? 'gauge' : 'histogram';
}

function samplesOf(name: string, metric: MetricData): string {
  switch (metric.dataPointType) {
    case DataPointType.HISTOGRAM:
      return metric.dataPoints.map((point) => histogramOf(name, metric.descriptor.name, point)).join('');
    case DataPointType.SUM:
    case DataPointType.GAUGE: {
      const sample = typeOf(metric) === 'counter' ? `${name}_total` : name;
      return metric.dataPoints.map(({ attributes, value }) => line(sample, attributes, value)).join('');
    }
    default:
      // Exponential histograms: we make none, and Prometheus' text formats have none.
      return '';
  }
}

function histogramOf(name: string, instrument: string, { attributes, value }: DataPoint<Histogram>): string {
  const exemplars = exemplarsOf(instrument, attributes);
  let cumulated = 0;
  const buckets = value.buckets.counts.map((count, index) => {
    cumulated += count;
    const le = value.buckets.boundaries[index] ?? '+Inf';
    return line(`${name}_bucket`, { ...attributes, le: String(le) }, cumulated, exemplars?.[index]);
  });
  return [
    ...buckets,
    line(`${name}_count`, attributes, value.count),
    line(`${name}_sum`, attributes, value.sum ?? 0),
  ].join('');
}

// eslint-disable-next-line @typescript-eslint/max-params -- the parts of a line, in their order
function line(name: string, attributes: Attributes, value: number, exemplar?: Exemplar): string {
  return `${name}${labelsOf(attributes)} ${numberOf(value)}${exemplar ? ` # ${exemplarText(exemplar)}` : ''}\n`;
}

function exemplarText({ traceId, spanId, value, atMs }: Exemplar): string {
  return `{trace_id="${traceId}",span_id="${spanId}"} ${numberOf(value)} ${atMs / 1_000}`;
}

function labelsOf(attributes: Attributes): string {
  const labels = Object.entries(attributes).map(([name, value]) => {
    const text = typeof value === 'string' ? value : JSON.stringify(value);
    return `${sanitized(name)}="${escaped(text ?? '')}"`;
  });
  return labels.length > 0 ? `{${labels.join(',')}}` : '';
}

function numberOf(value: number): string {
  if (Number.isFinite(value)) return String(value);
  if (Number.isNaN(value)) return 'NaN';
  return value > 0 ? '+Inf' : '-Inf';
}

function sanitized(name: string): string {
  return name.replaceAll(/[^a-zA-Z0-9_]+/g, '_');
}

function escaped(text: string): string {
  return text.replaceAll('\\', '\\\\').replaceAll('\n', '\\n').replaceAll('"', '\\"');
}
