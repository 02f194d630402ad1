import { expect, it } from '@jest/globals';
import { BoundedLog } from './bounded-log.js';

it('writes one line a second of each kind, with the number of those left out', () => {
  let now = 0;
  const log = new BoundedLog(() => now);
  const lines: string[] = [];
  const add = (kind: string) => log.add(kind, (skipped) => lines.push(`${kind} ${skipped}`));
  add('a');
  add('a');
  now = 999;
  add('a');
  add('b');
  now = 1_000;
  add('a');
  expect(lines).toEqual(['a 0', 'b 0', 'a 2']);
});
