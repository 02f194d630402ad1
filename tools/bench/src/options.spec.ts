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
      seconds: 5,
    });
  });

  it.each([['--seconds', '0'], ['--connections', '16,many'], ['--nonsense'], ['nothing'], ['load', 'twice']])(
    '%s %s is refused',
    (...argv) => {
      expect(() => parseOptions(argv.filter((arg) => arg !== undefined))).toThrow();
    },
  );
});
