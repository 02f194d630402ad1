import fc from 'fast-check';

export interface Order {
  readonly items: readonly { readonly sku: string; readonly quantity: number; readonly priceCents: number }[];
}

/** Small valid orders. No bound is reached, so that one more is valid too. */
export const orders: fc.Arbitrary<Order> = fc.record({
  items: fc.array(
    fc.record({
      sku: fc.string({ minLength: 1, maxLength: 20 }),
      quantity: fc.integer({ min: 1, max: 999 }),
      priceCents: fc.nat(100_000),
    }),
    { minLength: 1, maxLength: 3 },
  ),
});
