import { expect, it } from '@jest/globals';
import { chosenPostgres } from './postgres-release.ts';

it('Postgres is 18 unless POSTGRES_VERSION names another one', () => {
  expect(chosenPostgres({})).toBe('18');
  expect(chosenPostgres({ POSTGRES_VERSION: '' })).toBe('18');
  expect(chosenPostgres({ POSTGRES_VERSION: '16' })).toBe('16');
});

it.each(['14', '16.14', 'latest'])('Postgres %s is told of in one line', (version) => {
  expect(() => chosenPostgres({ POSTGRES_VERSION: version })).toThrow(
    expect.objectContaining({
      name: 'Problem',
      message: `POSTGRES_VERSION is ${version}: one of 18, 17, 16, 15.`,
    }),
  );
});
