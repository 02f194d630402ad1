import { credentials, Metadata } from '@grpc/grpc-js';
import { Child } from '@orders/dev/stack/child';
import { ROOT } from '@orders/dev/stack/paths';
import { freePorts } from '@orders/dev/stack/ports';
import { eachLine, run } from '@orders/dev/stack/run';
import { streamMessages } from '@orders/dev/stack/stream-messages';
import { until } from '@orders/dev/stack/until';
import { ordersV1 } from '@orders/rpc';
import { ITEMS } from '../client.ts';

export interface Environment extends Record<string, string> {
  DATABASE_URL: string;
  NATS_URL: string;
}

/** What an app did, and the line that it gave as the reason. */
export interface Outcome {
  kind: 'works' | 'waits' | 'refused';
  line: string;
}

/** Of a check of `/readyz`; one that is up may tell something too. */
interface Detail {
  readonly status: 'up' | 'down';
  readonly message?: string;
}

/** Reasons of `/readyz` that tell nothing about the server: the next one does. */
const PASSING = ['not connected yet', 'no answer within 1 s'];

/**
 * Runs the migrations of orders and then orders, as its image does, until it is clear what it does.
 *
 * @param migrationUrl where the migrations run; what they refuse, the app refuses too
 * @throws when that is not clear within a minute
 */
export async function outcomeOf(env: Environment, migrationUrl = env.DATABASE_URL): Promise<Outcome> {
  const migrating = { ...process.env, ...env, DATABASE_URL: migrationUrl };
  await run(process.execPath, [bundle('migrate')], { env: migrating }).catch(() => undefined);
  await using orders = await Orders.start(env);
  return await until(() => orders.outcome(), { timeoutMs: 60_000, what: 'a clear outcome' });
}

const bundle = (entry: string) => `${ROOT}/apps/orders/dist/${entry}.js`;

/** Of a line of the log. */
const messageOf = (line: string) => (JSON.parse(line) as { msg: string }).msg;

/** A process of orders. */
class Orders implements AsyncDisposable {
  readonly #child: Child;
  readonly #natsUrl: string;
  readonly #management: string;
  readonly #client: ordersV1.OrdersClient;
  #lastLine = '';
  #hasEnded = false;

  static async start(env: Environment): Promise<Orders> {
    const [grpc = 0, management = 0] = await freePorts(2);
    const own = { HOST: '127.0.0.1', GRPC_PORT: String(grpc), MANAGEMENT_PORT: String(management) };
    const child = await Child.spawn({
      command: process.execPath,
      args: [bundle('main')],
      env: { ...process.env, ...env, ...own, SHUTDOWN_WAIT_MS: '0' },
    });
    return new Orders(child, env.NATS_URL, { grpc, management });
  }

  private constructor(child: Child, natsUrl: string, ports: { grpc: number; management: number }) {
    this.#child = child;
    this.#natsUrl = natsUrl;
    this.#management = `http://127.0.0.1:${ports.management}`;
    this.#client = new ordersV1.OrdersClient(`127.0.0.1:${ports.grpc}`, credentials.createInsecure());
    for (const stream of [child.process.stdout, child.process.stderr])
      if (stream) eachLine(stream, (line) => (this.#lastLine = line));
    child.process.once('close', () => (this.#hasEnded = true));
  }

  /** @returns undefined while it is not clear */
  async outcome(): Promise<Outcome | undefined> {
    if (this.#hasEnded) return { kind: 'refused', line: messageOf(this.#lastLine) };
    const reasons = await this.#unreadyBecause();
    if (reasons === undefined) return undefined;
    if (reasons.length > 0) {
      const isPassing = reasons.some((reason) => PASSING.includes(reason));
      return isPassing ? undefined : { kind: 'waits', line: reasons.join('; ') };
    }
    const id = await this.#order();
    return id !== undefined && (await this.#isPublished(id)) ? { kind: 'works', line: '' } : undefined;
  }

  /** @returns what `/readyz` tells; undefined when it does not answer yet */
  async #unreadyBecause(): Promise<string[] | undefined> {
    const answer = await fetch(`${this.#management}/readyz`).catch(() => undefined);
    if (!answer) return undefined;
    const { details } = (await answer.json()) as { details: Record<string, Detail> };
    const down = Object.values(details).filter(({ status }) => status === 'down');
    return down.flatMap(({ message }) => message ?? []);
  }

  /** Creates an order; again and again the same one. @returns its id, undefined when it was refused */
  #order(): Promise<string | undefined> {
    const { promise, resolve } = Promise.withResolvers<string | undefined>();
    const request = { customerId: 'alice', items: ITEMS, idempotencyKey: 'matrix', context: undefined };
    const options = { deadline: Date.now() + 5_000 };
    this.#client.createOrder(request, new Metadata(), options, (_error, order?: ordersV1.Order) =>
      resolve(order?.id),
    );
    return promise;
  }

  async #isPublished(id: string): Promise<boolean> {
    let isThere = false;
    try {
      // To the end: a consumer that is left before goes on after its connection is closed.
      for await (const { header } of streamMessages({ url: this.#natsUrl }, 'ORDERS'))
        isThere ||= header('ce-subject') === id;
    } catch {
      // No JetStream: `/readyz` will tell.
    }
    return isThere;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#client.close();
    await this.#child.stop();
  }
}
