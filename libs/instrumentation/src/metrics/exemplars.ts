import type { Attributes, Span } from '@opentelemetry/api';
import { isSampled, parseTraceparent } from '../traceparent.js';
import { tracingIsOn } from '../telemetry.js';

/** A measurement that stands for its bucket, and the span that it was made in. */
export interface Exemplar {
  readonly traceId: string;
  readonly spanId: string;
  readonly value: number;
  /** When it was measured, in ms since the epoch. */
  readonly atMs: number;
}

/** By instrument, then by its labels: the newest of each bucket, which are as many as the series have buckets. */
const stored = new Map<string, Map<string, Exemplar[]>>();

/** The exemplars of a series, at the indices of their buckets; undefined when it has none. */
export function exemplarsOf(instrument: string, labels: Attributes): readonly Exemplar[] | undefined {
  return stored.get(instrument)?.get(keyOf(labels));
}

/** Where a measurement was made: a span, or the `traceparent` of one. */
export type Origin = Span | string | undefined;

/** Keeps a measurement as an exemplar, when its origin is recorded. Costs nothing otherwise. */
export class Exemplars {
  private readonly series: Map<string, Exemplar[]>;

  /** @param bounds upper bounds of the buckets, ascending */
  constructor(
    instrument: string,
    private readonly bounds: readonly number[],
  ) {
    this.series = stored.get(instrument) ?? new Map<string, Exemplar[]>();
    stored.set(instrument, this.series);
  }

  offer(value: number, labels: Attributes, origin: Origin): void {
    const ids = idsOf(origin);
    if (!ids) return;
    const key = keyOf(labels);
    const buckets = this.series.get(key) ?? [];
    if (buckets.length === 0) this.series.set(key, buckets);
    const index = this.bounds.findIndex((bound) => value <= bound);
    const { traceId, spanId } = ids;
    buckets[index < 0 ? this.bounds.length : index] = { traceId, spanId, value, atMs: Date.now() };
  }
}

function idsOf(origin: Origin): { traceId: string; spanId: string } | undefined {
  if (origin === undefined || !tracingIsOn()) return undefined;
  if (typeof origin !== 'string') return origin.isRecording() ? origin.spanContext() : undefined;
  return isSampled(origin) ? parseTraceparent(origin) : undefined;
}

/** Values in the order of the names: those of one instrument have the same names. */
function keyOf(labels: Attributes): string {
  return JSON.stringify(
    Object.keys(labels)
      .toSorted()
      .map((name) => labels[name]),
  );
}
