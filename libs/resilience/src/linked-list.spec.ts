import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { type Link, LinkedList } from './linked-list.js';

describe('LinkedList', () => {
  it('holds what came and did not go, in the order of its coming', () => {
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

  it('leaves nothing on a link that went: garbage of the old generation would keep the others', () => {
    const list = new LinkedList<string>();
    const [, middle] = ['a', 'b', 'c'].map((value) => list.add(value));
    list.remove(middle!);
    expect(middle).toEqual({ value: 'b', list: undefined, previous: undefined, next: undefined });
  });

  it('does not take out what is in another list', () => {
    const [one, other] = [new LinkedList<string>(), new LinkedList<string>()];
    const link = one.add('a');
    expect(other.remove(link)).toBe(false);
    expect(one.values()).toEqual(['a']);
  });
});
