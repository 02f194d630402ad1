import { html, LitElement, svg, type SVGTemplateResult, type TemplateResult } from 'lit';
import type { Flow } from '../flow/flow.js';
import type { MapEdge, MapNode, SystemMap } from '../system/system-map.js';
import { rate } from './format.js';
import { type Place, placesOf, sizeOf } from './map-layout.js';

const NODE = { width: 132, height: 48 };

/** The system as it is declared, with what flows on each edge. */
class SystemMapView extends LitElement {
  static override properties = { map: { attribute: false }, flow: { attribute: false } };
  declare map: SystemMap;
  declare flow: Flow | undefined;

  protected override createRenderRoot(): this {
    return this;
  }

  protected override render(): TemplateResult {
    const places = placesOf(this.map);
    const { width, height } = sizeOf(places);
    const flows = this.map.edges.filter(({ kind }) => kind !== 'database');
    return html`
      <svg class="map" viewBox="0 0 ${width} ${height}" aria-hidden="true">
        ${this.map.edges.map((edge) => this.edge(edge, places))}
        ${this.map.nodes.map((node) => this.node(node, places))}
      </svg>
      <ul class="hidden">
        ${flows.map(
          (edge) =>
            html`<li>
              ${this.nameOf(edge.from)} to ${this.nameOf(edge.to)}: ${this.rateOf(edge)} a second
            </li>`,
        )}
      </ul>
    `;
  }

  private edge(edge: MapEdge, places: ReadonlyMap<string, Place>): SVGTemplateResult {
    const [from, to] = [places.get(edge.from), places.get(edge.to)];
    if (!from || !to) return svg``;
    if (edge.kind === 'database')
      return svg`<path class="edge database" d="M${from.x} ${from.y + NODE.height / 2}V${to.y - NODE.height / 2}"></path>`;
    const [x1, x2] = [from.x + NODE.width / 2, to.x - NODE.width / 2];
    const middle = (x1 + x2) / 2;
    const active = (this.flowOf(edge) ?? 0) > 0 ? 'active' : '';
    return svg`
      <path class="edge ${edge.kind} ${active}" d="M${x1} ${from.y}C${middle} ${from.y} ${middle} ${to.y} ${x2} ${to.y}"></path>
      <text class="rate" x=${middle} y=${(from.y + to.y) / 2 - 8} text-anchor="middle">${this.rateOf(edge)}/s</text>`;
  }

  private node({ id, kind, label }: MapNode, places: ReadonlyMap<string, Place>): SVGTemplateResult {
    const { x, y } = places.get(id) ?? { x: 0, y: 0 };
    const app = this.flow?.apps.find(({ name }) => name === id);
    const down = app && app.up < app.replicas ? 'down' : '';
    return svg`<g class="node ${kind} ${down}" transform="translate(${x - NODE.width / 2} ${y - NODE.height / 2})">
      <rect width=${NODE.width} height=${NODE.height} rx=${kind === 'app' ? 10 : 24}></rect>
      <text x=${NODE.width / 2} y=${NODE.height / 2 + 5} text-anchor="middle">${label}</text>
    </g>`;
  }

  private flowOf({ from, to }: MapEdge): number | null {
    return this.flow?.edges.find((edge) => edge.from === from && edge.to === to)?.perSecond ?? null;
  }

  private rateOf(edge: MapEdge): string {
    return rate(this.flowOf(edge));
  }

  private nameOf(id: string): string {
    return this.map.nodes.find((node) => node.id === id)?.label ?? id;
  }
}

customElements.define('system-map-view', SystemMapView);
