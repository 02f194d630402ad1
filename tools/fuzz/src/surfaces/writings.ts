import { written } from '@orders/http/testing/json-texts';
import fc from 'fast-check';
import { cases, type Surface } from '../surface.ts';
import { freshKey, type SystemUnderFuzz } from '../system-under-fuzz.ts';
import { type Order, orders } from './order-values.ts';

/** One order in many forms: the same order is a replay, one with another value is refused. */
export const WRITINGS: Surface = {
  name: 'writings',
  what: 'an order, the same with permuted keys and white space, another one with the same key',
  share: 0.06,
  open: async (sut) => {
    const headers = await sut.headersOf('fuzz');
    const texts = orders.chain((order) =>
      fc.tuple(written(order), written(order), changed(order).chain(written)),
    );
    return {
      check: cases(texts, async ([text, same, other]) => {
        const send = senderOf(sut, { ...headers, 'idempotency-key': freshKey('writings') });
        const placed = await send(text, 201);
        const again = await send(same, 201);
        if (again.headers.get('idempotent-replayed') !== 'true') throw new Error(`no replay: ${again.body}`);
        if (again.body !== placed.body) throw new Error(`another answer: ${again.body} after ${placed.body}`);
        await send(other, 422);
      }),
    };
  },
};

function senderOf(sut: SystemUnderFuzz, headers: Record<string, string>) {
  return async (body: string, expected: number) => {
    const answer = await sut.send({ method: 'POST', path: '/orders', headers, body });
    if (answer.status !== expected)
      throw new Error(`${answer.status} instead of ${expected}: ${answer.body}`);
    return answer;
  };
}

/** Copies of the order, each with one value of one item changed. */
function changed({ items }: Order): fc.Arbitrary<Order> {
  const field = fc.constantFrom('sku', 'quantity', 'priceCents');
  return fc.tuple(fc.nat(items.length - 1), field).map(([index, name]) => ({
    items: items.map((each, at) => (at === index ? { ...each, [name]: oneMore(each[name]) } : each)),
  }));
}

/** Another value of the same type. */
function oneMore(value: string | number): string | number {
  return typeof value === 'string' ? `${value}1` : value + 1;
}
