import { cases, type Surface } from '../surface.ts';
import { freshKey } from '../system-under-fuzz.ts';
import { orders } from './order-values.ts';

/** No hostile input at all: what the other surfaces are compared with. */
export const GOOD_ORDERS: Surface = {
  name: 'good orders',
  what: 'valid orders',
  share: 0,
  open: async (sut) => {
    const headers = await sut.headersOf('good');
    return {
      check: cases(orders, async (order) => {
        const own = { ...headers, 'idempotency-key': freshKey('good') };
        const answer = await sut.send({
          method: 'POST',
          path: '/orders',
          headers: own,
          body: JSON.stringify(order),
        });
        if (answer.status !== 201) throw new Error(`${answer.status}: ${answer.body}`);
      }),
    };
  },
};
