import { html, LitElement, svg, type TemplateResult } from 'lit';
import type { Span } from '../spans/span.js';

const WIDTH = 1_000;

interface Row {
  readonly span: Span;
  readonly depth: number;
}

/** Spans as a waterfall: a row each, children below their parents. */
class WaterfallView extends LitElement {
  static override properties = { spans: { attribute: false } };
  declare spans: readonly Span[];

  protected override createRenderRoot(): this {
    return this;
  }

  protected override render(): TemplateResult {
    const start = Math.min(...this.spans.map(({ startMs }) => startMs));
    const end = Math.max(...this.spans.map(({ startMs, durationMs }) => startMs + durationMs));
    const scale = WIDTH / Math.max(0.001, end - start);
    return html`<table class="waterfall">
      <caption class="hidden">
        ${this.spans.length} spans in ${milliseconds(end - start)}
      </caption>
      <thead>
        <tr>
          <th scope="col">Span</th>
          <th scope="col">Service</th>
          <th scope="col" class="number">Starts</th>
          <th scope="col" class="number">Takes</th>
          <td aria-hidden="true">0 – ${milliseconds(end - start)}</td>
        </tr>
      </thead>
      <tbody>
        ${rowsOf(this.spans).map(({ span, depth }) => row(span, depth, { start, scale }))}
      </tbody>
    </table>`;
  }
}

function row(span: Span, depth: number, { start, scale }: { start: number; scale: number }): TemplateResult {
  const x = (span.startMs - start) * scale;
  const width = Math.max(3, span.durationMs * scale);
  return html`<tr class=${span.failed ? 'failed' : ''}>
    <th scope="row" class="depth-${Math.min(depth, 8)}">${span.name}${span.failed ? ' (failed)' : ''}</th>
    <td>${span.service}</td>
    <td class="number">${milliseconds(span.startMs - start)}</td>
    <td class="number">${milliseconds(span.durationMs)}</td>
    <td aria-hidden="true" class="bar">
      <svg viewBox="0 0 ${WIDTH} 16" preserveAspectRatio="none">
        ${svg`<rect class=${span.kind} x=${x} y="3" width=${width} height="10" rx="2"></rect>`}
      </svg>
    </td>
  </tr>`;
}

/** In the order of a walk through the tree; a span whose parent is not here is a root. */
function rowsOf(spans: readonly Span[]): Row[] {
  const known = new Set(spans.map(({ spanId }) => spanId));
  const walk = (parent: string, depth: number): Row[] =>
    spans
      .filter(({ parentSpanId }) => (known.has(parentSpanId) ? parentSpanId : '') === parent)
      .flatMap((span) => [{ span, depth }, ...walk(span.spanId, depth + 1)]);
  return walk('', 0);
}

function milliseconds(value: number): string {
  if (value >= 1_000) return `${(value / 1_000).toFixed(2)} s`;
  return `${value.toFixed(value < 10 ? 2 : 0)} ms`;
}

customElements.define('waterfall-view', WaterfallView);
