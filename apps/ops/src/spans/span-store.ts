import type { Span } from './span.js';

/** Most spans that one answer has. */
const MAX_ANSWER = 500;

/** The header of an answer that names the order that a request has made. */
const LOCATION = 'http.response.header.location';
const REQUEST_ID = 'http.response.header.x-request-id';

/** The newest spans, in memory: when it is full, the oldest goes. */
export class SpanStore {
  /** In the order of their arrival. */
  private readonly spans = new Set<Span>();
  private readonly byTrace = new Map<string, Set<Span>>();
  /** Spans of other traces that link to a trace: a batch belongs to the trace of its first event alone. */
  private readonly byLink = new Map<string, Set<Span>>();
  private readonly byRequest = new Map<string, Set<Span>>();
  private readonly byOrder = new Map<string, Set<Span>>();

  /** @param max how many spans are kept */
  constructor(private readonly max: number) {}

  get size(): number {
    return this.spans.size;
  }

  add(spans: readonly Span[]): void {
    for (const span of spans) {
      this.spans.add(span);
      this.index(span, put);
      const [oldest] = this.spans;
      if (this.spans.size > this.max && oldest) this.drop(oldest);
    }
  }

  /** The spans of a trace and those that link to it, by their start; at most 500. */
  trace(traceId: string): Span[] {
    const own = this.byTrace.get(traceId) ?? [];
    const linked = this.byLink.get(traceId) ?? [];
    const all = [...new Set([...own, ...linked])].sort((a, b) => a.startMs - b.startMs);
    return all.slice(0, MAX_ANSWER);
  }

  /** The trace of a request; undefined when it is not here. */
  traceOfRequest(requestId: string): string | undefined {
    const [span] = this.byRequest.get(requestId) ?? [];
    return span?.traceId;
  }

  /** The order that the requests of a trace are about; undefined when no span tells. */
  orderOfTrace(traceId: string): string | undefined {
    return this.trace(traceId).map(orderOf).find(Boolean);
  }

  /** The traces of the requests about an order, newest first. */
  tracesOfOrder(orderId: string): string[] {
    const traces = [...(this.byOrder.get(orderId) ?? [])].map(({ traceId }) => traceId);
    return [...new Set(traces.reverse())];
  }

  private drop(span: Span): void {
    this.spans.delete(span);
    this.index(span, take);
  }

  private index(span: Span, change: typeof put): void {
    change(this.byTrace, span.traceId, span);
    for (const { traceId } of span.links) change(this.byLink, traceId, span);
    const requestId = span.attributes[REQUEST_ID];
    if (requestId !== undefined) change(this.byRequest, requestId, span);
    const orderId = orderOf(span);
    if (orderId !== undefined) change(this.byOrder, orderId, span);
  }
}

/** The order that a request has made, or is about. */
function orderOf({ attributes }: Span): string | undefined {
  const path = attributes[LOCATION] ?? attributes['url.path'] ?? '';
  return /^\/orders\/([0-9a-f-]{36})(?![^/])/i.exec(path)?.[1]?.toLowerCase();
}

function put(index: Map<string, Set<Span>>, key: string, span: Span): void {
  const spans = index.get(key);
  if (spans) spans.add(span);
  else index.set(key, new Set([span]));
}

function take(index: Map<string, Set<Span>>, key: string, span: Span): void {
  const spans = index.get(key);
  spans?.delete(span);
  if (spans?.size === 0) index.delete(key);
}
