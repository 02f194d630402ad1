/** What a request does: stores an order, reads one order of the caller, or reads the caller's newest 20. */
export type RequestKind = 'write' | 'read' | 'page';

/** The order that every write places: three items, as in the budgets. */
export const ORDER = JSON.stringify({
  items: [
    { sku: 'apple', quantity: 3, priceCents: 250 },
    { sku: 'pear', quantity: 1, priceCents: 199 },
    { sku: 'plum', quantity: 9, priceCents: 35 },
  ],
});

/** A customer who sends requests. */
export interface Caller {
  token: string;
  /** Ids of stored orders of the caller, from which each read chooses one; none when the load only writes. */
  orders: readonly string[];
}

/** A write is `WRITE_LINE`, the caller's headers, `WRITE_HEAD`, an idempotency key and `WRITE_TAIL`. */
export const WRITE_LINE = 'POST /orders HTTP/1.1\r\n';
export const WRITE_HEAD = [
  'Content-Type: application/json',
  `Content-Length: ${Buffer.byteLength(ORDER)}`,
  'Idempotency-Key: ',
].join('\r\n');
export const WRITE_TAIL = `\r\n\r\n${ORDER}`;

/** A read or a page is a line of this path, the caller's headers and an empty line. */
export const PATHS = {
  read: ({ orders }: Caller): string[] => orders.map((id) => `/orders/${id}`),
  page: (): string[] => ['/orders?limit=20'],
} as const satisfies Record<Exclude<RequestKind, 'write'>, (caller: Caller) => string[]>;

interface Target {
  /** Base URL of the gateway. */
  api: string;
  /** More headers of every request. */
  headers?: Record<string, string> | undefined;
}

/** The headers that every request of a caller has. */
export function callerHeaders({ api, headers }: Target, token: string): Record<string, string> {
  return { Host: new URL(api).host, Authorization: `Bearer ${token}`, ...headers };
}

/** The same as lines of HTTP/1.1. */
export function callerHeaderLines(target: Target, token: string): string {
  return Object.entries(callerHeaders(target, token))
    .map(([name, value]) => `${name}: ${value}\r\n`)
    .join('');
}
