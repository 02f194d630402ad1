import type { Change } from '../src/testing/affected-workspace.ts';
import { ALL, APPS, CODE, type Row } from './affected-table.ts';

const bump =
  (name: string): Change =>
  (workspace) =>
    workspace.bump(name);

/** An image is built with the lockfile; the documents name what package.json has. */
const LOCKFILE = [APPS, 'image'] as const;
/** Licences, install scripts and origins are those of the lockfile. */
const LOCKED = ['supply', 'test it'] as const;
const MANIFEST = ['docs', 'test'] as const;

/** Another version of a package. */
export const BUMPS: readonly Row[] = [
  {
    change: 'typescript',
    make: bump('typescript'),
    selects: ALL,
    runs: [
      [ALL, 'lint typecheck'],
      [APPS, 'chart'],
      // It is a package of the tools, and a peer of one of orders.
      ['bench contract-gates deploy dev fuzz prove supply', 'test it'],
      ['bench', 'guard'],
      ['fuzz', 'fuzz'],
      ['e2e', 'e2e'],
      ['orders', 'build test it'],
      LOCKFILE,
      MANIFEST,
    ],
  },
  {
    change: 'rolldown',
    make: bump('rolldown'),
    selects: ALL,
    // The bench builds other commits by it, and the charts' schemas are made from configs that it compiles.
    runs: [
      [ALL, 'build e2e fuzz guard'],
      ['bench deploy', 'lint typecheck test it'],
      [APPS, 'chart'],
      LOCKED,
      LOCKFILE,
      MANIFEST,
    ],
  },
  {
    change: '@swc/core',
    make: bump('@swc/core'),
    selects: ALL,
    // The plugin of Nx for ESLint needs it too.
    runs: [
      [ALL, 'test it chart e2e lint'],
      ['bench contract-gates deploy dev e2e fuzz prove supply', 'typecheck'],
      ['bench', 'guard'],
      ['fuzz', 'fuzz'],
      LOCKFILE,
      MANIFEST,
    ],
  },
  {
    change: 'typescript-eslint',
    make: bump('typescript-eslint'),
    selects: ALL,
    runs: [[ALL, 'lint'], LOCKED, LOCKFILE, MANIFEST],
  },
  {
    change: 'jest',
    make: bump('jest'),
    selects: ALL,
    runs: [[ALL, 'test it chart e2e'], LOCKFILE, MANIFEST],
  },
  {
    change: 'nx',
    make: bump('nx'),
    selects: ALL,
    runs: [
      [ALL, 'lint'],
      ['bench contract-gates deploy dev fuzz prove supply', 'test it typecheck'],
      ['bench', 'guard'],
      ['fuzz', 'fuzz'],
      ['e2e', 'e2e typecheck'],
      LOCKFILE,
      MANIFEST,
    ],
  },
  {
    change: 'jose, which the lib for tokens uses',
    make: bump('jose'),
    selects: ALL,
    runs: [['bench contract-gates deploy dev e2e fuzz gateway ops prove supply tokens', CODE], LOCKFILE],
  },
];
