import { describe, expect, it } from '@jest/globals';
import { parseOptions } from './options.ts';

describe('the options of npm run fuzz', () => {
  it('are 20,000 cases of a new seed by default', () => {
    const { cases, seed, only } = parseOptions([], {});
    expect({ cases, only }).toEqual({ cases: 20_000, only: [] });
    expect(seed).not.toBe(parseOptions([], {}).seed);
  });

  it('come from the environment, and the command line wins', () => {
    const env = { FUZZ_CASES: '100', FUZZ_SEED: '7' };
    expect(parseOptions([], env)).toMatchObject({ cases: 100, seed: 7 });
    expect(parseOptions(['--cases', '9', '--seed', '3'], env)).toMatchObject({ cases: 9, seed: 3 });
  });

  it.each([
    [['--cases', '0'], '--cases'],
    [['--seed', 'x'], '--seed'],
    [['--seed', '9999999999'], '--seed'],
    [['--only', 'telnet'], 'requests'],
    [['--report', '/nowhere/report.md'], '/nowhere'],
  ])('%j are refused', (args, named) => {
    expect(() => parseOptions(args, {})).toThrow(named);
  });
});
