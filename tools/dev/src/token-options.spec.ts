import { describe, expect, it } from '@jest/globals';
import { TOKEN } from './token-options.ts';

describe('the options of npm run token', () => {
  it('are by default the demo customer, who may read and write', () => {
    expect(TOKEN.parse([])).toEqual({ sub: 'demo', scope: 'orders:read orders:write' });
    expect(TOKEN.parse(['--sub', 'alice', '--scope=orders:admin'])).toEqual({
      sub: 'alice',
      scope: 'orders:admin',
    });
  });

  it.each([[['--user', 'alice']], [['alice']], [['--sub']]])('%j is refused', (args) => {
    expect(() => TOKEN.parse(args)).toThrow(/--help says how/);
  });
});
