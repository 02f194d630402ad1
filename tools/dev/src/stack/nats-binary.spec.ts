import { describe, expect, it } from '@jest/globals';
import type { Finder } from './binaries.ts';
import { isNewEnough, natsFinders, natsVersionFrom, resolveNatsServer } from './nats-binary.ts';

const VERSIONS: Record<string, string> = { '/new': '2.10.27', '/newest': '2.15.1', '/old': '2.9.10' };
const versionOf = async (binary: string): Promise<string> => {
  const version = VERSIONS[binary];
  if (version === undefined) throw new Error(`${binary} does not run`);
  return version;
};
const finder = (where: string, binary?: string): Finder => ({ where, find: async () => binary });
const broken = (where: string, reason: string): Finder => ({
  where,
  find: () => Promise.reject(new Error(reason)),
});

describe('the nats-server to use', () => {
  it('is the first that is there, runs and is new enough', async () => {
    const tried: string[] = [];
    const finders = [
      finder('PATH', '/old'),
      finder('cache', '/gone'),
      finder('Debian', '/new'),
      finder('release', '/new'),
    ];
    await expect(
      resolveNatsServer({ finders, versionOf, onTry: (where) => tried.push(where) }),
    ).resolves.toBe('/new');
    expect(tried).toEqual(['PATH', 'cache', 'Debian']);
  });

  it('when there is none, is an error that says what failed where, and what to do', async () => {
    const finders = [finder('PATH'), finder('cache', '/old'), broken('Debian', 'no network\nmore')];
    await expect(resolveNatsServer({ finders, versionOf })).rejects.toThrow(
      /PATH: none; cache: version 2\.9\.10 is too old; Debian: no network\)\. .*NATS_SERVER_BIN.*NATS_URL/,
    );
  });

  it('that the user chose is never replaced by another', async () => {
    const finders = [{ ...finder('NATS_SERVER_BIN', '/old'), decisive: true }, finder('PATH', '/new')];
    await expect(resolveNatsServer({ finders, versionOf })).rejects.toThrow(
      /NATS_SERVER_BIN: version 2\.9\.10/,
    );
  });

  it('of a version that was asked for is that one, although another is found first or was chosen', async () => {
    const finders = [finder('PATH', '/new'), finder('cache', '/newest')];
    await expect(resolveNatsServer({ version: '2.15', finders, versionOf })).resolves.toBe('/newest');
    await expect(
      resolveNatsServer({ version: '2.15', finders: finders.slice(0, 1), versionOf }),
    ).rejects.toThrow('No nats-server 2.15 (PATH: version 2.10.27)');
    const places = natsFinders({ NATS_SERVER_BIN: '/new' }, '2.15').map(({ where }) => where);
    expect(places.slice(0, 2)).toEqual(['NATS_SERVER_BIN', 'PATH']);
  });

  it('is of the version that NATS_SERVER_VERSION names', () => {
    expect(natsVersionFrom({})).toBeUndefined();
    expect(natsVersionFrom({ NATS_SERVER_VERSION: '2.15' })).toBe('2.15');
    expect(() => natsVersionFrom({ NATS_SERVER_VERSION: '2.9' })).toThrow(
      'NATS_SERVER_VERSION must be one of 2.10, 2.15, not "2.9".',
    );
  });

  it('is no longer looked for once aborted', async () => {
    const signal = AbortSignal.abort(new Error('stopped'));
    await expect(resolveNatsServer({ finders: [finder('PATH', '/new')], versionOf, signal })).rejects.toThrow(
      'stopped',
    );
  });

  it('is looked for on the machine first', () => {
    expect(natsFinders({}).map(({ where }) => where)).toEqual([
      'PATH',
      'cache',
      'Debian package',
      'release download',
    ]);
    expect(natsFinders({ NATS_SERVER_BIN: '/mine' }).map(({ where }) => where)).toEqual(['NATS_SERVER_BIN']);
  });
});

it.each([
  ['2.10.0', true],
  ['2.12.7', true],
  ['3.0.0', true],
  ['2.9.25', false],
  ['1.11.0', false],
])('nats-server %s is new enough: %s', (version, expected) => {
  expect(isNewEnough(version)).toBe(expected);
});
