import satisfies from 'spdx-satisfies';
import type { LockedPackage } from './lockfile.ts';

/** Licences that ask for no more than their text with each copy. Others need a decision: add them here with it. */
export const ALLOWED: readonly string[] = [
  '0BSD',
  'Apache-2.0',
  'BlueOak-1.0.0',
  'BSD-2-Clause',
  'BSD-3-Clause',
  'CC0-1.0',
  'ISC',
  'MIT',
  'Python-2.0',
  'Unlicense',
  'Zlib',
];

/** Packages that are used for what their licence is made for, and no part of what we ship. */
const EXCEPTIONS: Readonly<Record<string, string>> = {
  // Finds barriers of a page, in the end-to-end tests.
  'axe-core': 'MPL-2.0',
  // Data about browsers, of the test runner.
  'caniuse-lite': 'CC-BY-4.0',
  // Lists of SPDX, of this check.
  'spdx-exceptions': 'CC-BY-3.0',
  'spdx-ranges': '(MIT AND CC-BY-3.0)',
};

/** The packages whose licence is not allowed, or unknown; with it. */
export function forbiddenLicences(packages: readonly Pick<LockedPackage, 'name' | 'license'>[]): string[] {
  const forbidden = packages.filter(({ name, license }) => {
    if (license === undefined) return true;
    return !isAllowed(license) && EXCEPTIONS[name] !== license;
  });
  return forbidden.map(({ name, license }) => `${name}: ${license ?? 'no licence'}`);
}

/** A text that is no SPDX expression is not allowed. */
export function isAllowed(license: string): boolean {
  try {
    return satisfies(license, [...ALLOWED]);
  } catch {
    return false;
  }
}
