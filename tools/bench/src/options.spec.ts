import { describe, expect, it } from '@jest/globals';
import { parseOptions } from './options.ts';

describe('options', () => {
  it('have defaults, and shorter ones with --quick', () => {
    expect(parseOptions([])).toMatchObject({ scenario: 'load', connections: [16, 64, 128], json: false });
    expect(parseOptions(['--quick'])).toMatchObject({ connections: [64], seconds: 6 });
    expect(parseOptions(['--quick', '--connections', '8,32', '--seconds', '3'])).toMatchObject({
      connections: [8, 32],
      seconds: 3,
    });
    expect(parseOptions(['guard', '--plant', '30'])).toMatchObject({
      scenario: 'guard',
      plant: 30,
      seconds: 4,
    });
    expect(parseOptions(['reads'])).toMatchObject({ connections: undefined, seconds: 12 });
  });

  it('name the commit and the loads of a comparison', () => {
    expect(parseOptions(['compare', 'HEAD~1'])).toMatchObject({
      ...{ scenario: 'compare', commit: 'HEAD~1', pairs: 6, seconds: 8 },
      loads: ['post', 'reads', 'mixed', 'pages'],
    });
    expect(parseOptions(['compare', 'HEAD~1', '--loads', 'pages,post'])).toMatchObject({
      loads: ['pages', 'post'],
    });
  });

  it.each([
    ['--seconds', '0'],
    ['--connections', '16,many'],
    ['--nonsense'],
    ['nothing'],
    ['load', 'twice'],
    ['compare'],
    ['compare', 'HEAD', 'HEAD~1'],
    ['compare', 'HEAD', '--loads', 'writes'],
  ])('%s %s %s is refused', (...argv) => {
    expect(() => parseOptions(argv.filter((arg) => arg !== undefined))).toThrow();
  });
});
