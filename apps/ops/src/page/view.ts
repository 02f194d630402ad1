import { LitElement, type PropertyDeclarations } from 'lit';
import { type Api, ApiError } from './api.js';

const PAUSE_MS = 1_000;

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
        // Another search has begun, or another view.
        if (signal.aborted || (error instanceof Error && error.name === 'AbortError')) return;
        if (error instanceof ApiError && error.status === 401)
          this.dispatchEvent(new CustomEvent('signed-out', { bubbles: true }));
        this.problem = wordsOf(error);
      },
    );
  }

  /** Shows server-sent events until `signal` aborts. While the server fails, says so and tries again each second. */
  protected async follow<T>(path: string, signal: AbortSignal, show: (item: T) => void): Promise<void> {
    while (!signal.aborted) {
      try {
        for await (const item of this.api.events<T>(path, signal)) {
          if (signal.aborted) return;
          this.problem = '';
          show(item);
        }
      } catch (error) {
        if (signal.aborted || (error instanceof ApiError && error.status < 500)) throw error;
        this.problem = wordsOf(error);
      }
      await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
    }
  }

  protected override createRenderRoot(): this {
    return this;
  }
}

function wordsOf(error: unknown): string {
  return error instanceof ApiError ? error.message : 'The server cannot be reached.';
}
