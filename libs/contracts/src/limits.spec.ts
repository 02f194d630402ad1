import { describe, expect, it } from '@jest/globals';
import { IDEMPOTENCY_KEY_PATTERN, isPlainText, parseOrderId } from './limits.js';

describe('limits', () => {
  it.each([
    ['plain', 'Äpfel 🍏', true],
    ['NUL', 'a\0', false],
    ['a line feed', 'a\n', false],
    ['a C1 control', 'a\u0085', false],
    ['half a surrogate', '\ud800', false],
  ])('isPlainText: %s', (_name, text, plain) => {
    expect(isPlainText(text)).toBe(plain);
  });

  it.each([
    ['a', true],
    ['!~', true],
    ['', false],
    ['a b', false],
    ['a\n', false],
    ['x'.repeat(256), false],
  ])('IDEMPOTENCY_KEY_PATTERN: %j is %s', (key, valid) => {
    expect(IDEMPOTENCY_KEY_PATTERN.test(key)).toBe(valid);
  });

  it.each([
    ['0199a1b2-c3d4-7e5f-8a9b-0c1d2e3f4a5b', '0199a1b2-c3d4-7e5f-8a9b-0c1d2e3f4a5b'],
    ['0199A1B2-C3D4-7E5F-8A9B-0C1D2E3F4A5B', '0199a1b2-c3d4-7e5f-8a9b-0c1d2e3f4a5b'],
    ['0199a1b2c3d47e5f8a9b0c1d2e3f4a5b', undefined],
    ['0199a1b2-c3d4-7e5f-8a9b-0c1d2e3f4a5b\n', undefined],
    ['', undefined],
  ])('parseOrderId: %j is %s', (text, id) => {
    expect(parseOrderId(text)).toBe(id);
  });
});
