/** The order that every load places: three items, as in the budgets. */
export const ORDER = JSON.stringify({
  items: [
    { sku: 'apple', quantity: 3, priceCents: 250 },
    { sku: 'pear', quantity: 1, priceCents: 199 },
    { sku: 'plum', quantity: 9, priceCents: 35 },
  ],
});

/** A request is `head + key + TAIL`: only the idempotency key differs from one to the next. */
export function requestHead(api: string, token: string): string {
  return [
    'POST /orders HTTP/1.1',
    `Host: ${new URL(api).host}`,
    `Authorization: Bearer ${token}`,
    'Content-Type: application/json',
    `Content-Length: ${Buffer.byteLength(ORDER)}`,
    'Idempotency-Key: ',
  ].join('\r\n');
}

export const TAIL = `\r\n\r\n${ORDER}`;
