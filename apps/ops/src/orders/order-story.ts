import type { Span } from '../spans/span.js';

/** What is known of an order: as it is stored, what consumers have made of it, and the requests about it. */
export interface OrderStory {
  readonly order: StoredOrder;
  readonly deliveries: readonly Delivery[];
  /** Newest first. */
  readonly traces: readonly Trace[];
}

export interface Trace {
  readonly id: string;
  readonly spans: readonly Span[];
}

export interface OrderSummary {
  readonly id: string;
  readonly customerId: string;
  readonly status: string;
  readonly totalCents: number;
  /** RFC 3339. */
  readonly createdAt: string;
}

export interface StoredOrder extends OrderSummary {
  readonly version: number;
  readonly items: readonly { readonly sku: string; readonly quantity: number; readonly priceCents: number }[];
}

/** What a consumer has made of an order's events. */
export interface Delivery {
  readonly consumer: string;
  /**
   * `waiting`: it has not applied all of them, because they are on their way or are dead letters. `silent`: it does not
   * answer, or nobody has told where it is.
   */
  readonly state: 'applied' | 'waiting' | 'silent';
  /** null when it is silent. */
  readonly applied: number | null;
  /** Each version of an order is one event. */
  readonly events: number;
}

/** What a search has found. */
export interface Found {
  /** What the text was taken for. */
  readonly kind: 'order' | 'trace' | 'request' | 'customer';
  /** At most 50, newest first. */
  readonly orders: readonly OrderSummary[];
  /** null = no trace of it is here. */
  readonly traceId: string | null;
}
