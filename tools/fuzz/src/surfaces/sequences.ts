import { randomUUID } from 'node:crypto';
import type { Answer } from '@orders/http/testing/api-document';
import fc from 'fast-check';
import type { HttpRequest } from '../http-client.ts';
import { cases, type Surface } from '../surface.ts';
import type { SystemUnderFuzz } from '../system-under-fuzz.ts';
import { type Order, orders } from './order-values.ts';

/** Two customers place, read, list and cancel in any order; a model tells each answer. */
export const SEQUENCES: Surface = {
  name: 'sequences',
  what: 'two customers place, read, list and cancel orders of theirs and of the other, against a model',
  share: 0.02,
  open: async (sut) => ({
    check: cases(fc.tuple(choices, plans), async ([of, plan]) => {
      const world = await World.of(sut, of);
      for (const step of plan) await world.take(step);
    }),
  }),
};

type Step =
  | { do: 'place'; by: number; key: number; order: number }
  | { do: 'read' | 'cancel'; by: number; which: number }
  | { do: 'list'; by: number };

const by = fc.nat(1);
const choices = fc.array(orders, { minLength: 3, maxLength: 3 });
const steps: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.record({ do: fc.constant('place' as const), by, key: fc.nat(2), order: fc.nat(2) }),
  },
  {
    weight: 3,
    arbitrary: fc.record({ do: fc.constantFrom('read' as const, 'cancel' as const), by, which: fc.nat(20) }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('list' as const), by }) },
);

const plans = fc.array(steps, { minLength: 2, maxLength: 14 });

interface Placed {
  by: number;
  key: number;
  order: number;
  id: string;
  canceled: boolean;
}

/** Two new customers, and what they must see. */
class World {
  readonly #sut: SystemUnderFuzz;
  readonly #headers: readonly Record<string, string>[];
  readonly #orders: readonly Order[];
  readonly #placed: Placed[] = [];

  private constructor(
    sut: SystemUnderFuzz,
    headers: readonly Record<string, string>[],
    orders: readonly Order[],
  ) {
    this.#sut = sut;
    this.#headers = headers;
    this.#orders = orders;
  }

  static async of(sut: SystemUnderFuzz, orders: readonly Order[]): Promise<World> {
    const name = randomUUID();
    const headers = await Promise.all([sut.headersOf(`${name}-a`), sut.headersOf(`${name}-b`)]);
    return new World(sut, headers, orders);
  }

  async take(step: Step): Promise<void> {
    switch (step.do) {
      case 'place':
        return this.#place(step);
      case 'list':
        return this.#list(step.by);
      case 'read':
      case 'cancel': {
        const placed = this.#placed[step.which % Math.max(1, this.#placed.length)];
        return placed && this.#use(step.do, step.by, placed);
      }
    }
  }

  async #place({ by, key, order }: Extract<Step, { do: 'place' }>): Promise<void> {
    const known = this.#placed.find((each) => each.by === by && each.key === key);
    const answer = await this.#send(by, {
      method: 'POST',
      path: '/orders',
      body: JSON.stringify(this.#orders[order]),
      headers: { 'idempotency-key': `sequences-${key}` },
    });
    const same = known && JSON.stringify(this.#orders[known.order]) === JSON.stringify(this.#orders[order]);
    expect(answer, known && !same ? 422 : 201);
    const { id } = JSON.parse(answer.body) as { id: string };
    if (same && id !== known.id) throw new Error(`a replay gave ${id} instead of ${known.id}`);
    if (!known) this.#placed.push({ by, key, order, id, canceled: false });
  }

  async #use(what: 'read' | 'cancel', by: number, placed: Placed): Promise<void> {
    const path = `/orders/${placed.id}${what === 'cancel' ? '/cancel' : ''}`;
    const answer = await this.#send(by, { method: what === 'cancel' ? 'POST' : 'GET', path, headers: {} });
    expect(answer, by === placed.by ? 200 : 404);
    if (by !== placed.by) return;
    if (what === 'cancel') placed.canceled = true;
    const { status } = JSON.parse(answer.body) as { status: string };
    const wanted = placed.canceled ? 'CANCELED' : 'CREATED';
    if (status !== wanted) throw new Error(`${what}: the order is ${status} instead of ${wanted}`);
  }

  async #list(by: number): Promise<void> {
    const answer = await this.#send(by, { method: 'GET', path: '/orders', headers: {} });
    expect(answer, 200);
    const { orders } = JSON.parse(answer.body) as { orders: { id: string }[] };
    const own = this.#placed.filter((each) => each.by === by).map(({ id }) => id);
    const listed = orders.map(({ id }) => id);
    if (listed.join() !== own.toReversed().join())
      throw new Error(`listed ${listed.join()} instead of ${own.toReversed().join()}`);
  }

  #send(by: number, { headers, ...request }: HttpRequest): Promise<Answer> {
    const { 'content-type': type, ...own } = this.#headers[by] ?? {};
    const all = {
      ...own,
      ...headers,
      ...(request.body !== undefined && type !== undefined && { 'content-type': type }),
    };
    return this.#sut.send({ ...request, headers: all });
  }
}

function expect({ status, body }: Answer, wanted: number): void {
  if (status !== wanted) throw new Error(`${status} instead of ${wanted}: ${body}`);
}
