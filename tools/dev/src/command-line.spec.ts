import { describe, expect, it } from '@jest/globals';
import { Problem } from '../bootstrap/problem.mjs';
import { countOf, parseArguments } from './command-line.ts';

describe('a command line', () => {
  const parse = (...args: string[]) =>
    parseArguments({ args, options: { seed: { type: 'string' } } }, 'usage of it');

  it('gives its values', () => {
    expect(parse('--seed', 'x').values).toEqual({ seed: 'x' });
  });

  it.each([['--sead'], ['stray'], ['--seed']])('%s is refused with the usage', (...args) => {
    expect(() => parse(...args)).toThrow(Problem);
    expect(() => parse(...args)).toThrow(/usage of it$/);
  });
});

describe('a count', () => {
  it.each(['0', '-1', '1.5', '1e3', '', '123456789'])('is not "%s"', (text) => {
    expect(() => countOf('trials', text)).toThrow(/^--trials/);
  });

  it.each(['1', '30', '12345678'])('is %s', (text) => {
    expect(countOf('trials', text)).toBe(Number(text));
  });
});
