import { describe, expect, it } from '@jest/globals';
import { UsageError } from '../bootstrap/problem.mjs';
import { countOf, parseArguments } from './command-line.ts';

describe('a command line', () => {
  const parse = (...args: string[]) => parseArguments({ args, options: { seed: { type: 'string' } } });

  it('gives its values', () => {
    expect(parse('--seed', 'x').values).toEqual({ seed: 'x' });
  });

  it.each([['--sead'], ['stray'], ['--seed'], ['--seed', '--x']])('%s is refused in one line', (...args) => {
    expect(() => parse(...args)).toThrow(UsageError);
    expect(() => parse(...args)).toThrow(/^.*(--sead|stray|--seed).* \(--help says how\)$/);
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
