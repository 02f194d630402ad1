import { App } from '@orders/dev/stack/app';
import { commonEnv } from '@orders/dev/stack/apps';
import { ROOT } from '@orders/dev/stack/paths';
import { freePorts } from '@orders/dev/stack/ports';
import { until } from '@orders/dev/stack/until';

export interface RelayingOrders {
  /** Its servers. */
  env: Record<'DATABASE_URL' | 'NATS_URL', string> & Record<string, string>;
  /** For what the process keeps. */
  folder: string;
}

/** A process of orders that nobody calls: only its relay works. */
export class Relaying implements AsyncDisposable {
  readonly #app: App;
  readonly #management: string;
  readonly #lines: string[];

  private constructor(app: App, management: string, lines: string[]) {
    this.#app = app;
    this.#management = management;
    this.#lines = lines;
  }

  static async start({ env, folder }: RelayingOrders): Promise<Relaying> {
    const [grpc, port] = await freePorts(2);
    const management = `http://127.0.0.1:${port}`;
    const lines: string[] = [];
    const app = new App({
      ...{ app: 'orders', name: 'orders', root: ROOT, management },
      env: {
        ...commonEnv({ dataDir: folder }),
        ...{ HOST: '127.0.0.1', GRPC_PORT: String(grpc), MANAGEMENT_PORT: String(port) },
        ...env,
      },
      onLine: (line) => void lines.push(line),
      onEvent: () => undefined,
    });
    await app.start();
    return new Relaying(app, management, lines);
  }

  /** Resolves once it has logged a line with this text. */
  async logged(text: string): Promise<void> {
    const found = async () => this.#lines.some((line) => line.includes(text));
    await until(found, { timeoutMs: 20_000, what: `"${text}" in the log of orders` });
  }

  /** Resolves once no event waits: with the number of events that this process has published. */
  async published(): Promise<number> {
    await this.logged('relay holds the lease');
    const isDone = async () => (await this.metric(/^outbox_pending\S* (\d+)/gm)) === 0;
    await until(isDone, { timeoutMs: 20_000, what: 'every event to be published' });
    return this.metric(/^outbox_publish_attempts_total\{[^}]*outcome="(?:stored|known)"[^}]*\} (\d+)/gm);
  }

  /** The sum of the values that the pattern captures. */
  async metric(pattern: RegExp): Promise<number> {
    const text = await (await fetch(`${this.#management}/metrics`)).text();
    return [...text.matchAll(pattern)].reduce((sum, [, value]) => sum + Number(value), 0);
  }

  /** The status of `/readyz`. */
  async readiness(): Promise<number> {
    return (await fetch(`${this.#management}/readyz`)).status;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#app.stop();
  }
}
