import { describe, expect, it } from '@jest/globals';
import { parseOptions } from './options.ts';

describe('options', () => {
  it('have defaults, and a new seed each time', () => {
    expect(parseOptions([])).toMatchObject({ trials: 100, from: 1, only: undefined, planOnly: false });
    expect(parseOptions([])).not.toEqual(parseOptions([]));
    expect(parseOptions(['--quick'])).toMatchObject({ trials: 30 });
    expect(parseOptions(['--quick', '--trials', '3', '--seed', 'x'])).toMatchObject({ trials: 3, seed: 'x' });
  });

  it('name mutants: all of them, or some', () => {
    const mutants = (argv: string[]) => parseOptions(argv).mutants?.map(({ name }) => name);
    expect(mutants([])).toBeUndefined();
    expect(mutants(['--mutants'])?.length).toBeGreaterThanOrEqual(10);
    expect(mutants(['--mutants', 'no-inbox', 'dual-write'])).toEqual(['no-inbox', 'dual-write']);
    expect(() => parseOptions(['--mutants', 'no-such'])).toThrow(/no-such.*no-inbox/);
    expect(() => parseOptions(['no-inbox'])).toThrow(/no-inbox/);
  });

  it('name the servers to run on', () => {
    const platforms = (...argv: string[]) => parseOptions(argv).platforms.map(({ name }) => name);
    expect(platforms()).toEqual(['default']);
    expect(platforms('--on', 'cluster', '--on', 'pg16')).toEqual(['cluster', 'pg16']);
  });

  it('take a report in a folder that exists', () => {
    expect(parseOptions(['--report', 'proof.md'])).toMatchObject({ report: 'proof.md' });
  });

  it.each([
    ['--trials', '0'],
    ['--trials', 'many'],
    ['--from', '-1'],
    ['--nonsense'],
    ['--only', 'earthquake'],
    ['--report', 'no-such-folder/proof.md'],
    ['--on', 'mainframe'],
    ['--mutants', '--on', 'cluster'],
    ['--report', 'proof.md', '--on', 'cluster', '--on', 'pg16'],
  ])('%s %s is refused', (...argv) => {
    expect(() => parseOptions(argv)).toThrow(/--/);
  });
});
