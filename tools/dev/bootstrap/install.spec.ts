import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { missingPackages } from './install.mjs';

const here = { optional: true, os: [process.platform], cpu: [process.arch] };
/** As npm writes it: for this machine, for another one, and for whichever. */
const LOCKFILE = {
  '': { version: '1.0.0' },
  'apps/orders': { version: '1.0.0' },
  'node_modules/@orders/orders': { resolved: 'apps/orders', link: true },
  'node_modules/pg': { version: '8.0.0' },
  'node_modules/jest': { version: '30.0.0', dev: true },
  'node_modules/node-here': { version: '24.0.0', ...here },
  'node_modules/node-there': { version: '24.0.0', ...here, os: ['os/2'] },
  'node_modules/native-here': { version: '2.0.0', ...here, libc: ['musl'] },
  'node_modules/nicety': { version: '1.0.0', optional: true },
};

describe('what node_modules lacks', () => {
  let root: string;
  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'install-'));
    writeFileSync(join(root, 'package-lock.json'), JSON.stringify({ packages: LOCKFILE }));
  });
  afterEach(() => rmSync(root, { recursive: true }));

  function installed(change: (packages: Record<string, object>) => void): void {
    const packages: Record<string, object> = structuredClone(LOCKFILE);
    delete packages['node_modules/node-there'];
    change(packages);
    mkdirSync(join(root, 'node_modules'));
    writeFileSync(join(root, 'node_modules/.package-lock.json'), JSON.stringify({ packages }));
  }

  it('is nothing after a whole install, without what is for other machines', () => {
    installed(() => undefined);
    expect(missingPackages(root)).toEqual([]);
  });

  it('is everything before the first install', () => {
    expect(missingPackages(root)).toHaveLength(4);
  });

  it.each([
    ['without dev packages, as under NODE_ENV=production', 'node_modules/jest'],
    ['without optional packages, of which this machine needs some', 'node_modules/node-here'],
    ['without the workspace', 'node_modules/@orders/orders'],
  ])('is told after an install %s', (_how, path) => {
    installed((packages) => delete packages[path]);
    expect(missingPackages(root)).toEqual([path]);
  });

  it('is told when the lockfile has another version', () => {
    installed((packages) => (packages['node_modules/pg'] = { version: '7.9.9' }));
    expect(missingPackages(root)).toEqual(['node_modules/pg']);
  });

  it('is not what npm alone knows whether it suits: of one libc, or of no platform', () => {
    installed((packages) => {
      delete packages['node_modules/native-here'];
      delete packages['node_modules/nicety'];
    });
    expect(missingPackages(root)).toEqual([]);
  });
});
