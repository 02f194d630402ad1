import { html, nothing, type PropertyValues, type TemplateResult } from 'lit';
import type { Found, OrderStory, OrderSummary } from '../orders/order-story.js';
import type { Span } from '../spans/span.js';
import { dateTime, money } from './format.js';
import { View } from './view.js';

const KINDS = {
  order: 'with this id',
  trace: 'in this trace',
  request: 'made by this request',
  customer: 'of this customer',
};

/** "Where is order X?": the search, what it found, and the story of one order. */
class SearchView extends View {
  static override properties = {
    ...View.properties,
    kind: {},
    what: {},
    traceUrl: { attribute: false },
    found: { state: true },
    story: { state: true },
    spans: { state: true },
  };
  declare kind: 'none' | 'find' | 'order' | 'trace';
  declare what: string;
  declare traceUrl: string | null;
  declare private found: Found | undefined;
  declare private story: OrderStory | undefined;
  declare private spans: readonly Span[] | undefined;
  private asked = new AbortController();

  protected override async load(): Promise<void> {
    // `updated` asks: the same element is shown for one search after the other.
  }

  protected override updated(changed: PropertyValues): void {
    if (!changed.has('what') && !changed.has('kind')) return;
    this.asked.abort();
    this.asked = new AbortController();
    this.problem = '';
    this.found = this.story = this.spans = undefined;
    this.run(this.ask(this.asked.signal));
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.asked.abort();
  }

  private async ask(signal: AbortSignal): Promise<void> {
    const what = encodeURIComponent(this.what);
    if (this.kind === 'find') {
      const found = await this.api.get<Found>(`/api/find?q=${what}`, signal);
      const [only, ...others] = found.orders;
      if (only && others.length === 0) location.replace(`#/order/${only.id}`);
      else if (found.traceId !== null && !only) location.replace(`#/trace/${found.traceId}`);
      else this.found = found;
    }
    if (this.kind === 'trace') this.spans = await this.api.get<Span[]>(`/api/traces/${what}`, signal);
    if (this.kind === 'order')
      await this.follow<OrderStory>(`/api/orders/${what}/events`, signal, (story) => (this.story = story));
  }

  protected override render(): TemplateResult {
    const { found, story, spans, kind } = this;
    return html`
      <h1>Where is order X?</h1>
      <form class="search" role="search" @submit=${(event: SubmitEvent) => this.search(event)}>
        <label for="q">Order id, trace id, request id or customer</label>
        <div class="row">
          <input
            id="q"
            name="q"
            type="search"
            autocomplete="off"
            spellcheck="false"
            maxlength="400"
            required
            .value=${this.what}
          />
          <button class="primary">Find</button>
        </div>
      </form>
      <div role="status" class="status">${this.status()}</div>
      ${this.problem ? html`<p role="alert" class="problem">${this.problem}</p>` : nothing}
      ${found ? this.list(found.orders) : nothing}
      ${story ? html`<order-story-view .story=${story} .traceUrl=${this.traceUrl}></order-story-view>` : nothing}
      ${
        kind === 'trace' && spans?.length
          ? html`<section class="card">
              <h2>Trace</h2>
              <waterfall-view .spans=${spans}></waterfall-view>
            </section>`
          : nothing
      }
    `;
  }

  private status(): string {
    const { found, kind, spans, what } = this;
    if (this.problem || kind === 'none') return '';
    if (kind === 'order') return this.story ? '' : 'Looking …';
    if (kind === 'trace')
      return spans ? (spans.length ? `Trace ${what}` : 'No span of this trace is here.') : 'Looking …';
    if (!found) return 'Looking …';
    const count = found.orders.length;
    return `${count === 0 ? 'No order' : count === 50 ? 'The 50 newest orders' : `${count} orders`} ${KINDS[found.kind]}.`;
  }

  private list(orders: readonly OrderSummary[]): TemplateResult | typeof nothing {
    if (orders.length === 0) return nothing;
    return html`<div class="card">
      <table>
        <caption class="hidden">
          Orders, newest first
        </caption>
        <thead>
          <tr>
            <th scope="col">Order</th>
            <th scope="col">Customer</th>
            <th scope="col">Status</th>
            <th scope="col" class="number">Total</th>
            <th scope="col">Created</th>
          </tr>
        </thead>
        <tbody>
          ${orders.map(
            (order) =>
              html`<tr>
                <td><a class="id" href=${`#/order/${order.id}`}>${order.id}</a></td>
                <td>${order.customerId}</td>
                <td>${order.status}</td>
                <td class="number">${money(order.totalCents)}</td>
                <td>${dateTime(order.createdAt)}</td>
              </tr>`,
          )}
        </tbody>
      </table>
    </div>`;
  }

  private search(event: SubmitEvent): void {
    event.preventDefault();
    const text = new FormData(event.target as HTMLFormElement).get('q');
    if (typeof text === 'string' && text.trim() !== '')
      location.hash = `#/find/${encodeURIComponent(text.trim())}`;
  }
}

customElements.define('search-view', SearchView);
