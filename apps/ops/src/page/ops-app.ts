import { html, LitElement, nothing, type TemplateResult } from 'lit';
import type { SignIn } from '../sign-in.routes.js';
import { Api } from './api.js';
import { openSession, type Session } from './sign-in.js';

const PAGES = [
  ['#/', 'Where is it?'],
  ['#/flow', 'Flow now'],
] as const;

/** The whole page: who is signed in, and which view is shown. The fragment of the address chooses it. */
class OpsApp extends LitElement {
  static override properties = { place: { state: true }, token: { state: true }, session: { state: true } };
  declare private place: string;
  declare private token: string | undefined;
  declare private session: Session | undefined;
  private traceUrl: string | null = null;
  private api: Api | undefined;

  constructor() {
    super();
    this.place = '#/';
    addEventListener('hashchange', () => this.go());
    this.addEventListener('signed-out', () => this.signOut());
  }

  override connectedCallback(): void {
    super.connectedCallback();
    void this.begin();
  }

  private async begin(): Promise<void> {
    const signIn = (await (await fetch('/api/sign-in')).json()) as SignIn;
    this.traceUrl = signIn.traceUrl;
    this.session = await openSession(signIn);
    this.api = new Api(this.session);
    this.token = await this.session.token();
    this.place = location.hash || '#/';
  }

  protected override createRenderRoot(): this {
    return this;
  }

  protected override render(): TemplateResult {
    return html`
      <a class="skip" href="#main" @click=${(event: Event) => this.skip(event)}>Skip to the content</a>
      <header class="top">
        <p class="brand">Orders <span>operations</span></p>
        <nav aria-label="Views">${PAGES.map(([href, name]) => this.link(href, name))}</nav>
      </header>
      <main id="main" tabindex="-1">${this.token ? this.view() : this.signIn()}</main>
    `;
  }

  private link(href: string, name: string): TemplateResult {
    const current = href === '#/' ? /^#\/(order\/|find\/|trace\/|$)/.test(this.place) : this.place === href;
    return html`<a href=${href} aria-current=${current ? 'page' : nothing}>${name}</a>`;
  }

  private view(): TemplateResult {
    const { api, place, traceUrl } = this;
    const [, kind, argument = ''] = /^#\/([a-z-]*)\/?(.*)$/.exec(place) ?? [];
    const what = safeDecode(argument);
    switch (kind) {
      case 'flow':
        return html`<flow-view .api=${api}></flow-view>`;
      case 'order':
      case 'find':
      case 'trace':
        return html`<search-view
          .api=${api}
          .traceUrl=${traceUrl}
          .kind=${kind}
          .what=${what}
        ></search-view>`;
      default:
        return html`<search-view
          .api=${api}
          .traceUrl=${traceUrl}
          .kind=${'none'}
          .what=${''}
        ></search-view>`;
    }
  }

  private signIn(): TemplateResult | typeof nothing {
    const { session } = this;
    if (!session) return nothing;
    if (session.signIn)
      return html`<section class="card narrow">
        <h1>Sign in</h1>
        <p>You need the right to read operations.</p>
        <button class="primary" @click=${() => void session.signIn?.()}>Sign in</button>
      </section>`;
    return html`<form class="card narrow" @submit=${(event: SubmitEvent) => this.useToken(event)}>
      <h1>Sign in</h1>
      <p>Paste an access token with the scope <code>ops:read</code>.</p>
      <label for="token">Access token</label>
      <input id="token" name="token" type="password" autocomplete="off" required />
      <button class="primary">Use it</button>
    </form>`;
  }

  private useToken(event: SubmitEvent): void {
    event.preventDefault();
    const token = new FormData(event.target as HTMLFormElement).get('token');
    if (typeof token !== 'string') return;
    this.session?.use(token.trim());
    this.token = token.trim();
  }

  private signOut(): void {
    this.session?.forget();
    this.token = undefined;
  }

  private go(): void {
    if (!location.hash.startsWith('#/')) return;
    this.place = location.hash;
    void this.updateComplete.then(() => this.querySelector<HTMLElement>('#main')?.focus());
  }

  /** The fragment chooses the view, so that the link cannot. */
  private skip(event: Event): void {
    event.preventDefault();
    this.querySelector<HTMLElement>('#main')?.focus();
  }
}

function safeDecode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

customElements.define('ops-app', OpsApp);
