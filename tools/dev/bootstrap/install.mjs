import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { tryLock } from './lock.mjs';
import { explain, npmCi } from './npm-ci.mjs';
import { Problem } from './problem.mjs';
import { createProgress } from './progress.mjs';

/** @typedef {{ version?: string, optional?: boolean, os?: string | string[], cpu?: string | string[], libc?: string[] }} Package */

/**
 * Runs `npm ci` unless node_modules holds everything that package-lock.json names for this machine: that of an install
 * which left out kinds of packages (NODE_ENV=production, `omit` of npm) does not. Two at once take turns.
 * @param {string} root the workspace
 * @throws {Problem} when npm fails, with the reason and the place of the full log
 */
export async function ensureInstalled(root) {
  if (isInstalled(root)) return;
  const lock = await waitForLock(join(root, '.local', 'install.lock'));
  try {
    if (isInstalled(root)) return;
    await install(root, lock);
    writeFileSync(leftOutFile(root), describe(root, missingPackages(root)));
  } finally {
    lock.release();
  }
}

/** @param {string} root */
function isInstalled(root) {
  const missing = missingPackages(root);
  if (missing.length === 0) return true;
  // npm itself may know of an optional package that it cannot run here.
  const leftOut = leftOutFile(root);
  return existsSync(leftOut) && readFileSync(leftOut, 'utf8') === describe(root, missing);
}

/**
 * The packages of the lockfile that node_modules lacks, or has in another version. npm leaves a list of what it put there
 * once it is through.
 * @param {string} root
 * @returns {string[]}
 */
export function missingPackages(root) {
  const listing = join(root, 'node_modules', '.package-lock.json');
  const present = existsSync(listing) ? readPackages(listing) : {};
  return Object.entries(readPackages(join(root, 'package-lock.json')))
    .filter(([path, wanted]) => path.includes('node_modules/') && isNeededHere(wanted))
    .filter(([path, wanted]) => !present[path] || present[path].version !== wanted.version)
    .map(([path]) => path);
}

/**
 * Of the optional ones those are, which are for this platform and every libc: what else npm leaves out, only npm knows.
 * @param {Package} wanted
 */
function isNeededHere({ optional, os, cpu, libc }) {
  if (!optional) return true;
  return [os].flat().includes(process.platform) && [cpu].flat().includes(process.arch) && !libc;
}

/**
 * @param {string} file
 * @returns {Record<string, Package>}
 */
function readPackages(file) {
  return JSON.parse(readFileSync(file, 'utf8')).packages;
}

/** What an `npm ci` that succeeded did not install. @param {string} root */
function leftOutFile(root) {
  return join(root, 'node_modules', '.orders-left-out');
}

/** @param {string} root @param {string[]} missing */
function describe(root, missing) {
  const lockfile = readFileSync(join(root, 'package-lock.json'));
  return [createHash('sha256').update(lockfile).digest('hex'), ...missing].join('\n');
}

/** @param {string} path */
async function waitForLock(path) {
  let told = false;
  for (;;) {
    const attempt = tryLock(path);
    if (!('holder' in attempt)) return attempt;
    if (!told)
      console.error(`… waiting: another command (pid ${attempt.holder.pid}) is installing the packages`);
    told = true;
    await delay(500);
  }
}

/** @param {string} root @param {import('./lock.mjs').Lock} lock */
async function install(root, lock) {
  const log = join(root, '.local', 'npm-ci.log');
  const progress = createProgress();
  const step = progress.step('installing packages');
  step.update('npm ci, once, about a minute');
  const { code, output } = await npmCi(root, { log, onSpawn: lock.handOver });
  if (code === 0) step.done();
  else step.fail();
  progress.close();
  if (code !== 0) throw new Problem(`${explain(output)} (full log: ${relative(process.cwd(), log)}).`);
}
