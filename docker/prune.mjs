// node docker/prune.mjs ROOT APP: leaves in ROOT/node_modules only what ROOT/apps/APP needs beside its bundle.
//
// `npm ci --omit=dev` installs for all apps, and optional peers that some other workspace happens to have. So: keep
// what is reached by dependencies, optional dependencies and required peers, delete the rest, and delete type
// declarations, sources, source maps and notes from what is left. Licence files stay.
import { existsSync, readdirSync, readFileSync, realpathSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';

const UNUSED_FILE = /\.(ts|mts|cts|map|flow|markdown|md|tsbuildinfo)$/i;
const LICENCE_FILE = /^(licen[cs]e|notice|copying)/i;

/**
 * Deletes in place. Throws when a required dependency is not installed; a missing optional one is passed over.
 * @param {string} root folder with node_modules, apps and libs
 * @param {string} app folder name under apps
 */
export function prune(root, app) {
  const needed = reach(realpathSync(join(root, 'apps', app)));
  const modules = join(root, 'node_modules');
  for (const folder of packagesIn(modules)) {
    if (!existsSync(folder) || needed.has(realpathSync(folder))) continue;
    rmSync(folder, { recursive: true });
  }
  rmSync(join(modules, '.bin'), { recursive: true, force: true });
  rmSync(join(modules, '.package-lock.json'), { force: true });
  for (const file of filesIn(modules)) rmSync(file);
}

/**
 * The folders of a package and of everything that it needs at run time.
 * @param {string} start the folder of the package
 * @returns {Set<string>}
 */
export function reach(start) {
  const needed = new Set();
  const waiting = [start];
  for (let folder = waiting.pop(); folder !== undefined; folder = waiting.pop()) {
    if (needed.has(folder)) continue;
    needed.add(folder);
    for (const { name, required } of wants(folder)) {
      const found = locate(folder, name);
      if (found) waiting.push(found);
      else if (required) throw new Error(`${name}, which ${folder} depends on, is not installed`);
    }
  }
  return needed;
}

function wants(folder) {
  const manifest = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  const optional = manifest.optionalDependencies ?? {};
  const optionalPeers = manifest.peerDependenciesMeta ?? {};
  const peers = Object.keys(manifest.peerDependencies ?? {}).filter((name) => !optionalPeers[name]?.optional);
  return [
    ...Object.keys(manifest.dependencies ?? {}).map((name) => ({ name, required: !(name in optional) })),
    ...[...Object.keys(optional), ...peers].map((name) => ({ name, required: false })),
  ];
}

function locate(from, name) {
  for (let folder = from; ; folder = dirname(folder)) {
    const candidate = join(folder, 'node_modules', name);
    if (existsSync(join(candidate, 'package.json'))) return realpathSync(candidate);
    if (folder === dirname(folder)) return undefined;
  }
}

function packagesIn(modules) {
  return readdirSync(modules, { withFileTypes: true }).flatMap((entry) => {
    if (entry.name.startsWith('.')) return [];
    const folder = join(modules, entry.name);
    if (entry.name.startsWith('@')) return packagesIn(folder);
    const nested = join(folder, 'node_modules');
    return entry.isDirectory() && existsSync(nested) ? [folder, ...packagesIn(nested)] : [folder];
  });
}

function filesIn(folder) {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return filesIn(path);
    return entry.isFile() && UNUSED_FILE.test(entry.name) && !LICENCE_FILE.test(entry.name) ? [path] : [];
  });
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const [root, app] = process.argv.slice(2);
  if (!root || !app) throw new Error('usage: node docker/prune.mjs ROOT APP');
  prune(root, app);
}
