import { DomainError, isPlainText, ORDER_LIMITS, parseOrderId } from '@orders/contracts';
import { Deadline, sleep } from '@orders/resilience';
import type { ordersV1 } from '@orders/rpc';
import type { SpanStore } from '../spans/span-store.js';
import type { EffectsClient } from './effects.client.js';
import type { Found, OrderStory, OrderSummary } from './order-story.js';
import type { OrdersClient } from './orders.client.js';

const DEADLINE_MS = 3_000;
const INTERVAL_MS = 1_000;
/** Most traces that a story has. */
const MAX_TRACES = 5;
const TRACE_ID = /^[0-9a-f]{32}$/i;

/** Finds orders, and tells what became of one. */
export class OrdersService {
  constructor(
    private readonly orders: OrdersClient,
    private readonly effects: EffectsClient,
    private readonly spans: SpanStore,
  ) {}

  /** @throws {DomainError} `malformed-request` when no order can have it */
  async find(text: string): Promise<Found> {
    const orderId = parseOrderId(text);
    if (orderId !== undefined) return { kind: 'order', orders: await this.known(orderId), traceId: null };
    if (TRACE_ID.test(text)) return this.byTrace('trace', text.toLowerCase());
    const traceId = this.spans.traceOfRequest(text);
    if (traceId !== undefined) return this.byTrace('request', traceId);
    if (text.length > ORDER_LIMITS.maxCustomerIdLength || !isPlainText(text))
      throw new DomainError('malformed-request', 'q: is no id of an order, trace, request or customer', {
        errors: [{ pointer: 'q', detail: 'is no id of an order, trace, request or customer' }],
      });
    const orders = await this.orders.newestOf(text, Deadline.after(DEADLINE_MS));
    return { kind: 'customer', orders: orders.map(summaryOf), traceId: null };
  }

  /** @throws {DomainError} `order-not-found` */
  async story(id: string): Promise<OrderStory> {
    const { items, version, ...order } = await this.orders.order(id, Deadline.after(DEADLINE_MS));
    const traces = this.spans.tracesOfOrder(id).slice(0, MAX_TRACES);
    return {
      order: {
        ...summaryOf(order),
        version,
        items: items.map(({ sku, quantity, priceCents }) => ({ sku, quantity, priceCents })),
      },
      deliveries: await this.effects.of({ id, version }),
      traces: traces.map((traceId) => ({ id: traceId, spans: this.spans.trace(traceId) })),
    };
  }

  /** The story again whenever it has changed, looked at once a second, until `signal` aborts. It begins with `first`. */
  async *watch(first: OrderStory, signal: AbortSignal): AsyncGenerator<OrderStory> {
    let told = '';
    for (let story = first; !signal.aborted; story = await this.story(first.order.id)) {
      const text = JSON.stringify(story);
      if (text !== told) yield story;
      told = text;
      await sleep(INTERVAL_MS, signal);
    }
  }

  private async byTrace(kind: 'trace' | 'request', traceId: string): Promise<Found> {
    const orderId = this.spans.orderOfTrace(traceId);
    const orders = orderId === undefined ? [] : await this.known(orderId);
    return { kind, orders, traceId: this.spans.trace(traceId).length > 0 ? traceId : null };
  }

  private async known(orderId: string): Promise<OrderSummary[]> {
    try {
      return [summaryOf(await this.orders.order(orderId, Deadline.after(DEADLINE_MS)))];
    } catch (error) {
      if (error instanceof DomainError && error.code === 'order-not-found') return [];
      throw error;
    }
  }
}

function summaryOf(order: Pick<ordersV1.Order, keyof OrderSummary>): OrderSummary {
  const { id, customerId, status, totalCents, createdAt } = order;
  return { id, customerId, status, totalCents, createdAt };
}
