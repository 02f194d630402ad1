import { describe, expect, it } from '@jest/globals';
import { dishonest, noticed } from './honesty.ts';

const problem = { 'content-type': 'application/problem+json', 'retry-after': '1' };
const answer = (status: number, headers: Record<string, string> = problem) => ({ status, headers, text: '' });

describe('an answer', () => {
  it.each([
    ['done', answer(201, {})],
    ['none at all', answer(0, {})],
    ['refused as a problem', answer(422)],
    ['not now, but when', answer(503)],
  ])('%s is honest', (_name, given) => {
    expect(dishonest(given)).toBeUndefined();
  });

  it.each([
    ['500', answer(500), /was 500/],
    ['no problem document', answer(404, { 'content-type': 'text/html' }), /404 is no problem/],
    ['not now, and not when', answer(503, { 'content-type': 'application/problem+json' }), /no Retry-After/],
  ])('%s is not', (_name, given, reason) => {
    expect(dishonest(given)).toMatch(reason);
  });
});

describe('a fault that nobody may notice', () => {
  it('is a finding when somebody did, unless another fault was there too', () => {
    expect(noticed(['rolling restart'], 1)).toMatch(/^I7 1 requests/);
    expect(noticed(['rolling restart'], 0)).toBeUndefined();
    expect(noticed(['rolling restart', 'cut'], 1)).toBeUndefined();
  });
});
