import { LitElement, type PropertyDeclarations } from 'lit';
import { type Api, ApiError } from './api.js';

/** An element that shows something of the API. It renders into the page itself, so that one style sheet is for all. */
export abstract class View extends LitElement {
  static override properties: PropertyDeclarations = { api: { attribute: false }, problem: { state: true } };
  declare api: Api;
  /** What went wrong last, in words; '' = nothing. */
  declare problem: string;
  private gone = new AbortController();

  constructor() {
    super();
    this.problem = '';
  }

  override connectedCallback(): void {
    super.connectedCallback();
    this.gone = new AbortController();
    this.run(this.load(this.gone.signal));
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.gone.abort();
  }

  /** Loads what is shown, until `signal` aborts. */
  protected abstract load(signal: AbortSignal): Promise<void>;

  /** Shows the error of something that was begun. */
  protected run(work: Promise<unknown>): void {
    const { signal } = this.gone;
    work.then(
      () => undefined,
      (error: unknown) => {
        if (signal.aborted) return;
        if (error instanceof ApiError && error.status === 401)
          this.dispatchEvent(new CustomEvent('signed-out', { bubbles: true }));
        this.problem = error instanceof ApiError ? error.message : 'The server cannot be reached.';
      },
    );
  }

  protected override createRenderRoot(): this {
    return this;
  }
}
