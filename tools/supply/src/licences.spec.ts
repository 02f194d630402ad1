import { describe, expect, it } from '@jest/globals';
import { forbiddenLicences, isAllowed } from './licences.ts';
import { lockedPackages } from './lockfile.ts';

it('every package of the lockfile has a licence that we allow', () => {
  const packages = lockedPackages();
  expect(packages.length).toBeGreaterThan(500);
  expect(forbiddenLicences(packages)).toEqual([]);
});

describe('a licence', () => {
  it.each([
    ['MIT', true],
    ['(MIT OR GPL-3.0-only)', true],
    ['(MIT AND Zlib)', true],
    ['(MIT AND GPL-3.0-only)', false],
    ['AGPL-3.0-or-later', false],
    ['SEE LICENSE IN LICENSE.txt', false],
    ['UNLICENSED', false],
  ])('%s: allowed is %s', (license, allowed) => {
    expect(isAllowed(license)).toBe(allowed);
  });

  it('that is missing, or that an exception names for another package, is reported', () => {
    const found = forbiddenLicences([
      { name: 'nothing', license: undefined },
      { name: 'other', license: 'CC-BY-4.0' },
      { name: 'caniuse-lite', license: 'CC-BY-4.0' },
    ]);
    expect(found).toEqual(['nothing: no licence', 'other: CC-BY-4.0']);
  });
});
