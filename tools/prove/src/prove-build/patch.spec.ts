import { describe, expect, it } from '@jest/globals';
import { applyPatch } from './patch.ts';

describe('a patch', () => {
  const patch = { file: 'a.ts', from: 'ack();', to: '$& // twice' };

  it('replaces its text literally', () => {
    expect(applyPatch('before; ack(); after;', patch)).toBe('before; $& // twice after;');
  });

  it.each(['no such text', 'ack(); ack();'])(
    'refuses a source that does not have its text exactly once: %s',
    (source) => {
      expect(() => applyPatch(source, patch)).toThrow(/a\.ts has this text [02] times/);
    },
  );
});
