import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { type Link, LinkedList } from './linked-list.js';

describe('LinkedList', () => {
  it('holds what was added and not removed, in insertion order', () => {
    const steps = fc.array(fc.oneof(fc.record({ add: fc.nat() }), fc.record({ remove: fc.nat() })));
    fc.assert(
      fc.property(steps, (taken) => {
        const list = new LinkedList<number>();
        const links: Link<number>[] = [];
        let expected: Link<number>[] = [];
        for (const step of taken) {
          if ('add' in step) {
            const link = list.add(step.add);
            links.push(link);
            expected.push(link);
          } else if (links.length > 0) {
            const link = links[step.remove % links.length]!;
            expect(list.remove(link)).toBe(expected.includes(link));
            expected = expected.filter((other) => other !== link);
          }
          expect(list.values()).toEqual(expected.map(({ value }) => value));
          expect(list.size).toBe(expected.length);
          expect(list.first).toBe(expected[0]);
        }
      }),
    );
  });

  it('leaves no reference on a removed link, which would keep the others alive in the old generation', () => {
    const list = new LinkedList<string>();
    const [, middle] = ['a', 'b', 'c'].map((value) => list.add(value));
    list.remove(middle!);
    expect(middle).toEqual({ value: 'b', list: undefined, previous: undefined, next: undefined });
  });

  it('does not remove a link of another list', () => {
    const [one, other] = [new LinkedList<string>(), new LinkedList<string>()];
    const link = one.add('a');
    expect(other.remove(link)).toBe(false);
    expect(one.values()).toEqual(['a']);
  });
});
