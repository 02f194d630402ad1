import { describe, expect, it } from '@jest/globals';
import { dishonest, noticed } from './honesty.ts';

const problem = { 'content-type': 'application/problem+json', 'retry-after': '1' };
const answer = (status: number, headers: Record<string, string> = problem) => ({ status, headers, text: '' });

describe('an answer', () => {
  it.each([
    ['done', answer(201, {})],
    ['none at all', answer(0, {})],
    ['refused as a problem', answer(422)],
    ['503 with Retry-After', answer(503)],
  ])('%s is honest', (_name, given) => {
    expect(dishonest(given)).toBeUndefined();
  });

  it.each([
    ['500', answer(500), /was 500/],
    ['no problem document', answer(404, { 'content-type': 'text/html' }), /404 is no problem/],
    [
      '503 without Retry-After',
      answer(503, { 'content-type': 'application/problem+json' }),
      /no Retry-After/,
    ],
  ])('%s is not', (_name, given, reason) => {
    expect(dishonest(given)).toMatch(reason);
  });
});

describe('a fault that clients must not notice', () => {
  it('is a finding when a request failed, unless another fault was injected too', () => {
    expect(noticed(['rolling restart'], 1)).toMatch(/^I7 1 requests/);
    expect(noticed(['rolling restart'], 0)).toBeUndefined();
    expect(noticed(['rolling restart', 'cut'], 1)).toBeUndefined();
  });
});
