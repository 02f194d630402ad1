import { html, nothing, type TemplateResult } from 'lit';
import type { ConsumerFlow, Flow } from '../flow/flow.js';
import type { SystemMap } from '../system/system-map.js';
import { rate, seconds, whole } from './format.js';
import { View } from './view.js';

/** What flows through the system now, once a second. */
class FlowView extends View {
  static override properties = { ...View.properties, map: { state: true }, flow: { state: true } };
  declare private map: SystemMap | undefined;
  declare private flow: Flow | undefined;

  protected override async load(signal: AbortSignal): Promise<void> {
    this.map = await this.api.get<SystemMap>('/api/map', signal);
    await this.follow<Flow>('/api/flow/events', signal, (flow) => (this.flow = flow));
  }

  protected override render(): TemplateResult {
    const { flow, map } = this;
    return html`
      <h1>Flow now</h1>
      ${this.problem ? html`<p role="alert" class="problem">${this.problem}</p>` : nothing}
      ${flow ? html`${this.figures(flow)} ${this.trouble(flow)}` : html`<p role="status" class="status">Reading …</p>`}
      ${
        map
          ? html`<section class="card">
              <h2>System</h2>
              <system-map-view .map=${map} .flow=${flow}></system-map-view>
            </section>`
          : nothing
      }
      ${flow ? html`${this.consumers(flow.consumers)} ${this.breakers(flow)}` : nothing}
    `;
  }

  private figures({ orders, outboxes, consumers }: Flow): TemplateResult {
    const oldest = outboxes
      .map(({ oldestPendingSeconds }) => oldestPendingSeconds)
      .filter((each) => each !== null);
    const lags = consumers.map(({ lag }) => lag).filter((each) => each !== null);
    return html`<dl class="figures">
      ${figure('Orders a second', rate(orders.perSecond))}
      ${figure('Refused a second', rate(orders.refusedPerSecond))}
      ${figure('Failed a second', rate(orders.failedPerSecond))}
      ${figure('Oldest unpublished', oldest.length === 0 ? '–' : seconds(Math.max(...oldest)))}
      ${figure('Largest lag', lags.length === 0 ? '–' : whole(Math.max(...lags)))}
    </dl>`;
  }

  private trouble({ apps, breakers }: Flow): TemplateResult | typeof nothing {
    const down = apps.filter(({ replicas, up }) => replicas > up);
    const open = breakers.filter(({ state }) => state !== 'closed');
    const lines = [
      ...down.map(({ name, up, replicas }) => `${name} does not answer (${up} of ${replicas} replicas do).`),
      ...open.map(({ app, upstream, state }) => `The breaker of ${app} to ${upstream} is ${state}.`),
    ];
    return html`<div role="status">${lines.map((line) => html`<p class="problem">${line}</p>`)}</div>`;
  }

  private consumers(consumers: readonly ConsumerFlow[]): TemplateResult {
    return html`<section class="card">
      <h2>Consumers</h2>
      <table>
        <caption class="hidden">
          Consumers
        </caption>
        <thead>
          <tr>
            <th scope="col">Consumer</th>
            <th scope="col" class="number">Applied a second</th>
            <th scope="col" class="number">Lag</th>
            <th scope="col" class="number">Critical time, median</th>
            <th scope="col" class="number">95 %</th>
            <th scope="col" class="number">Dead letters since its start</th>
          </tr>
        </thead>
        <tbody>
          ${consumers.map(
            ({ app, appliedPerSecond, lag, criticalTime, deadLetters }) =>
              html`<tr>
                <th scope="row">${app}</th>
                <td class="number">${rate(appliedPerSecond)}</td>
                <td class="number">${whole(lag)}</td>
                <td class="number">${seconds(criticalTime.p50)}</td>
                <td class="number">${seconds(criticalTime.p95)}</td>
                <td class="number">${whole(deadLetters)}</td>
              </tr>`,
          )}
        </tbody>
      </table>
    </section>`;
  }

  private breakers({ breakers }: Flow): TemplateResult {
    return html`<section class="card">
      <h2>Breakers</h2>
      <ul class="deliveries">
        ${breakers.map(
          ({ app, upstream, state }) =>
            html`<li>
              <span class="consumer">${app} → ${upstream}</span> <span class="badge ${state}">${state}</span>
            </li>`,
        )}
      </ul>
    </section>`;
  }
}

function figure(name: string, value: string): TemplateResult {
  return html`<div>
    <dt>${name}</dt>
    <dd>${value}</dd>
  </div>`;
}

customElements.define('flow-view', FlowView);
