import { html, LitElement, nothing, type TemplateResult } from 'lit';
import type { Delivery, OrderStory, Trace } from '../orders/order-story.js';
import { dateTime, money } from './format.js';

const STATES: Record<Delivery['state'], string> = {
  waiting: 'Waiting',
  applied: 'Applied',
  silent: 'No answer',
};

/** The way of one order: as it is stored, what each consumer made of it, and the requests about it. */
class OrderStoryView extends LitElement {
  static override properties = { story: { attribute: false }, traceUrl: { attribute: false } };
  declare story: OrderStory;
  declare traceUrl: string | null;

  protected override createRenderRoot(): this {
    return this;
  }

  protected override render(): TemplateResult {
    const { order, deliveries, traces } = this.story;
    return html`
      <section class="card order" aria-labelledby="order-heading">
        <header>
          <h2 id="order-heading">Order <span class="id">${order.id}</span></h2>
          <span class="badge ${order.status.toLowerCase()}">${order.status}</span>
        </header>
        <dl class="facts">
          ${fact('Customer', order.customerId)} ${fact('Total', money(order.totalCents))}
          ${fact('Items', order.items.length)} ${fact('Version', order.version)}
          ${fact('Created', dateTime(order.createdAt))}
        </dl>
      </section>
      <section class="card">
        <h2>Consumers</h2>
        <ul class="deliveries">
          ${deliveries.map(delivery)}
        </ul>
      </section>
      ${
        traces.length > 0
          ? traces.map((trace) => this.trace(trace))
          : html`<p class="quiet">No span of a request about it is here.</p>`
      }
    `;
  }

  private trace({ id, spans }: Trace): TemplateResult {
    return html`<section class="card">
      <header>
        <h2>Trace <span class="id">${id}</span></h2>
        ${
          this.traceUrl
            ? html`<a href=${this.traceUrl.replace('{traceId}', id)} target="_blank" rel="noreferrer">
                Open in the trace backend
              </a>`
            : nothing
        }
      </header>
      <waterfall-view .spans=${spans}></waterfall-view>
    </section>`;
  }
}

function delivery({ consumer, state, applied, events }: Delivery): TemplateResult {
  return html`<li data-consumer=${consumer} data-state=${state}>
    <span class="consumer">${consumer}</span>
    <span class="badge ${state}">${STATES[state]}</span>
    <span class="quiet">${applied === null ? '' : `${applied} of ${events} events`}</span>
  </li>`;
}

function fact(name: string, value: unknown): TemplateResult {
  return html`<div>
    <dt>${name}</dt>
    <dd>${value}</dd>
  </div>`;
}

customElements.define('order-story-view', OrderStoryView);
