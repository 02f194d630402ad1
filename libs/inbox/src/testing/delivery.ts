import type { Delivery, Message } from '@orders/messaging';

type Settled = 'open' | 'ack' | 'nak';

/** A delivery at this address that records in `state` what a consumer does with it. */
export function deliver(message: Message, address = `ORDERS/${message.id}`) {
  const state: { settled: Settled; workings: number } = { settled: 'open', workings: 0 };
  const delivery: Delivery = {
    message,
    address,
    attempt: 1,
    ack: () => void (state.settled = 'ack'),
    nak: () => void (state.settled = 'nak'),
    working: () => void (state.workings += 1),
  };
  return Object.assign(delivery, { state });
}
