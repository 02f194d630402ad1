import { describe, expect, it } from '@jest/globals';
import { tokenOptions } from './token-options.ts';

describe('the options of npm run token', () => {
  it('are the demo customer, who may read and write, unless told otherwise', () => {
    expect(tokenOptions([])).toEqual({ sub: 'demo', scope: 'orders:read orders:write' });
    expect(tokenOptions(['--sub', 'alice', '--scope=orders:admin'])).toEqual({
      sub: 'alice',
      scope: 'orders:admin',
    });
  });

  it.each([[['--user', 'alice']], [['alice']], [['--sub']]])('%j is refused with the usage', (args) => {
    expect(() => tokenOptions(args)).toThrow(/Usage: npm run --silent token/);
  });
});
