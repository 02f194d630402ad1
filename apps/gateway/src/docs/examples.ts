export const EXAMPLE_ID = '0199a1b2-c3d4-7e5f-8a9b-0c1d2e3f4a5b';
export const EXAMPLE_KEY = 'a5b4c3d2-checkout-17';

export const EXAMPLE_ORDER_BODY = {
  items: [
    { sku: 'BOOK-0042', quantity: 2, priceCents: 1_999 },
    { sku: 'PEN-7', quantity: 10, priceCents: 120 },
  ],
};

export const EXAMPLE_ORDER = {
  id: EXAMPLE_ID,
  customerId: 'alice',
  items: EXAMPLE_ORDER_BODY.items,
  totalCents: 5_198,
  status: 'CREATED',
  createdAt: '2026-11-22T10:00:00.000Z',
  version: 1,
};
