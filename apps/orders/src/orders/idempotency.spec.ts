import { describe, expect, it } from '@jest/globals';
import { ITEMS } from '../testing/fixtures.js';
import { requestHash } from './idempotency.js';

describe('requestHash', () => {
  // Hashes are stored with the keys for ever: if one changed, the repeat of an old request would be refused.
  it.each([
    ['two items', 'alice', ITEMS, '94eab65d65a64539f7801da791d0cd748bea6856f55e19b254ce57da7caddb49'],
    [
      'the same items in another order',
      'alice',
      ITEMS.toReversed(),
      '7056a0f190f5ff3b735fab7328e9a43ffaede9e1fdac17f3eacb0df8baf5896a',
    ],
    [
      'an item for free',
      'bob',
      [{ sku: 'A', quantity: 1, priceCents: 0 }],
      'faa63b9a8cabf08072f32eb67a194d479f611e6f2d230562291e0f08dfcf1b4b',
    ],
    [
      'odd text and large numbers',
      'Äpfel 🍏 "quoted" \\ /',
      [{ sku: 'x\u2028y', quantity: 1_000, priceCents: Number.MAX_SAFE_INTEGER }],
      'ef6068a308b790db77b1507220fda69609c28a43f0ed3861995824e1b9f524b2',
    ],
  ])('is what the first version stored: %s', (_name, customerId, items, stored) => {
    expect(requestHash({ customerId, items })).toBe(stored);
  });
});
