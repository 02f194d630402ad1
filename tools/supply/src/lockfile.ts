import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from '@orders/dev/stack/paths';

/** A package as the lockfile has it. */
export interface LockedPackage {
  readonly name: string;
  readonly version: string;
  /** An SPDX expression. */
  readonly license: string | undefined;
  readonly integrity: string | undefined;
  /** Where it comes from, unless it is the registry. */
  readonly resolved: string | undefined;
  readonly hasInstallScript: boolean;
}

interface Entry extends Partial<Omit<LockedPackage, 'name'>> {
  link?: boolean;
}

/** Every package from outside that the lockfile names. */
export function lockedPackages(root = ROOT): LockedPackage[] {
  const { packages } = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')) as {
    packages: Record<string, Entry>;
  };
  return Object.entries(packages)
    .filter(([path, { link }]) => path.includes('node_modules/') && !link)
    .map(([path, { version = '', license, integrity, resolved, hasInstallScript = false }]) => ({
      name: path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length),
      version,
      license,
      integrity,
      resolved,
      hasInstallScript,
    }));
}
