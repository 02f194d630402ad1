import { describe, expect, it } from '@jest/globals';
import { ROOT } from '@orders/dev/stack/paths';
import { readSource, SOURCES } from './sources.ts';

describe('a source to patch', () => {
  it.each(Object.values(SOURCES))('is there: %s', (file) => {
    expect(readSource(ROOT, file)).not.toBe('');
  });

  it('that has moved is named, with the file that has its path', () => {
    expect(() => readSource(ROOT, 'libs/gone.ts')).toThrow(/^libs\/gone\.ts .*prove-build\/sources\.ts/);
  });
});
