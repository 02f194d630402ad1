import { setTimeout as delay } from 'node:timers/promises';
import { Api, type Answer } from './api.ts';
import { dishonest } from './honesty.ts';
import { shortHash, type Attempt, type Item, type Ledger, type Operation } from './ledger.ts';
import type { Random } from './random.ts';

export interface LoadOptions {
  api: string;
  token: (customer: string) => Promise<string>;
  ledger: Ledger;
  random: Random;
  /** Clients that each do one operation after the other. Default 8. */
  clients?: number;
}

export interface Figures {
  /** Requests: done, refused and unknown together. */
  attempts: number;
  /** 2xx. */
  done: number;
  /** 4xx, also those that ask for a retry. */
  refused: number;
  /** 5xx, or no answer. */
  unknown: number;
  /** Acknowledged orders, however many attempts each took. */
  orders: number;
  recovered: number;
  serverErrors: number;
}

/** An operation without a definite answer for this long is given up: the system did not heal. */
const GIVE_UP_MS = 60_000;
const CUSTOMERS = ['alice', 'bob', 'carol'] as const;

/** Closed-loop clients: each repeats an operation with its key until the outcome is known, then begins the next. */
export class Load {
  readonly figures: Figures = {
    ...{ attempts: 0, done: 0, refused: 0, unknown: 0 },
    ...{ orders: 0, recovered: 0, serverErrors: 0 },
  };
  /** Promises that the answers broke, each with its invariant. */
  readonly findings: string[] = [];
  readonly #options: LoadOptions;
  readonly #stop = new AbortController();
  readonly #loops: Promise<void>[];
  readonly #api: Api;
  #number = 0;

  constructor(options: LoadOptions) {
    this.#options = options;
    this.#api = new Api(options.api);
    const { clients = 8, random } = options;
    this.#loops = Array.from({ length: clients }, (_, index) => this.#client(random.fork(`client ${index}`)));
  }

  /** Lets every client finish its operation. */
  async stop(): Promise<void> {
    this.#stop.abort();
    await Promise.all(this.#loops);
    this.#api.close();
  }

  /** Resolves with the ms until an order sent after this call is acknowledged at its first try; undefined when none is. */
  async firstSuccess(timeoutMs: number): Promise<number | undefined> {
    const began = performance.now();
    const api = new Api(this.#options.api, { keepAlive: false });
    const done = new AbortController();
    const random = this.#options.random.fork(`probe ${this.#number}`);
    const probes: Promise<void>[] = [];
    let healedMs: number | undefined;
    while (healedMs === undefined && performance.now() - began < timeoutMs) {
      probes.push(
        this.#place(random, { api, tries: 1 }).then((operation) => {
          if (operation.acks.length > 0) healedMs ??= performance.now() - began;
          done.abort();
        }),
      );
      await delay(probes.length > 20 ? 500 : 100);
    }
    await Promise.all(probes);
    api.close();
    return healedMs;
  }

  async #client(random: Random): Promise<void> {
    while (!this.#stop.signal.aborted) {
      const dice = random.next();
      if (dice < 0.03) await this.#placeInvalid(random);
      else {
        const operation = await this.#place(random, { api: this.#api });
        if (dice < 0.06) await this.#reuseKey(operation, random);
        else if (dice < 0.11) await this.#cancel(operation);
      }
      await delay(random.int(5, 40));
    }
  }

  /** Places one order. A quarter of them are sent twice at once. */
  async #place(random: Random, how: { api: Api; tries?: number }): Promise<Operation> {
    const items = itemsFrom(random);
    const operation = this.#intend(random, items, true);
    const copies = random.chance(0.25) ? 2 : 1;
    const sendings = Array.from({ length: copies }, () => this.#untilSure(operation, items, how));
    await Promise.all(sendings);
    if (operation.acks.length > 0) this.figures.orders += 1;
    if (operation.recovered) this.figures.recovered += 1;
    return operation;
  }

  /** Sends the same key again until the answer is definite. */
  async #untilSure(
    operation: Operation,
    items: readonly Item[],
    { api, tries = Infinity }: { api: Api; tries?: number },
  ): Promise<void> {
    const began = performance.now();
    for (let attempt = 1; attempt <= tries; attempt += 1) {
      const answer = await this.#send(api, operation, items);
      if (isDefinite(answer)) {
        if (answer.status !== 201)
          this.findings.push(`I7 a valid order got ${answer.status}: ${answer.text.slice(0, 200)}`);
        return;
      }
      if (performance.now() - began > GIVE_UP_MS) {
        this.findings.push(`I8 key ${operation.key} has had no definite answer for ${GIVE_UP_MS / 1_000} s`);
        return;
      }
      await delay(100);
    }
  }

  async #placeInvalid(random: Random): Promise<void> {
    const items = [{ sku: 'nothing', quantity: 0, priceCents: 1 }];
    const operation = this.#intend(random, items, false);
    const answer = await this.#send(this.#api, operation, items);
    if (isDefinite(answer) && answer.status !== 422)
      this.findings.push(`I7 an invalid order got ${answer.status}`);
  }

  async #reuseKey(operation: Operation, random: Random): Promise<void> {
    if (operation.acks.length === 0) return;
    const answer = await this.#post(this.#api, operation, itemsFrom(random, 'other'));
    if (isDefinite(answer) && answer.status !== 422)
      this.findings.push(`I2 another order with the key ${operation.key} got ${answer.status}`);
  }

  async #cancel(operation: Operation): Promise<void> {
    const id = operation.acks[0]?.id;
    if (id === undefined) return;
    const headers = await this.#headers(operation);
    for (let attempt = 1; attempt <= 100; attempt += 1) {
      const answer = await this.#api.post(`/orders/${id}/cancel`, headers);
      this.#judge(answer);
      if (answer.status === 200) return this.#options.ledger.noteCanceled(operation);
      if (isDefinite(answer)) {
        this.findings.push(`I1 cancelling the acknowledged order ${id} got ${answer.status}`);
        return;
      }
      await delay(100);
    }
  }

  #intend(random: Random, items: readonly Item[], valid: boolean): Operation {
    this.#number += 1;
    const key = `${random.seed}/${this.#number}`.replaceAll(/[^\x21-\x7e]/g, '_');
    return this.#options.ledger.intend(key, random.pick(CUSTOMERS), { items, valid });
  }

  async #send(api: Api, operation: Operation, items: readonly Item[]): Promise<Answer> {
    const began = performance.now();
    const answer = await this.#post(api, operation, items);
    const ms = Math.round(performance.now() - began);
    const attempt: Attempt = { status: answer.status, ms, error: answer.error };
    if (answer.status === 200 || answer.status === 201)
      Object.assign(attempt, { id: idOf(answer), body: shortHash(answer.text) });
    await this.#options.ledger.note(operation, attempt, answer.headers['idempotent-replayed'] === 'true');
    return answer;
  }

  async #post(api: Api, operation: Operation, items: readonly Item[]): Promise<Answer> {
    const headers = { ...(await this.#headers(operation)), 'idempotency-key': operation.key };
    const answer = await api.post('/orders', headers, { items });
    this.#judge(answer);
    return answer;
  }

  async #headers({ customer }: Operation): Promise<Record<string, string>> {
    return { authorization: `Bearer ${await this.#options.token(customer)}` };
  }

  #judge(answer: Answer): void {
    this.figures.attempts += 1;
    this.figures[outcomeOf(answer)] += 1;
    if (answer.status === 500) this.figures.serverErrors += 1;
    const reason = dishonest(answer);
    if (reason) this.findings.push(`I7 ${reason}`);
  }
}

function outcomeOf({ status }: Answer): 'done' | 'refused' | 'unknown' {
  if (status === 0 || status >= 500) return 'unknown';
  return status >= 400 ? 'refused' : 'done';
}

function isDefinite({ status }: Answer): boolean {
  return status >= 200 && status < 500 && ![408, 409, 429].includes(status);
}

function idOf({ text }: Answer): string {
  return (JSON.parse(text) as { id: string }).id;
}

function itemsFrom(random: Random, prefix = 'sku'): Item[] {
  return Array.from({ length: random.int(1, 4) }, () => ({
    sku: `${prefix}-${random.int(1, 500)}`,
    quantity: random.int(1, 9),
    priceCents: random.int(0, 50_000),
  }));
}
