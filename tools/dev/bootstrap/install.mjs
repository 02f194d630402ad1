import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { tryLock } from './lock.mjs';
import { explain, npmCi } from './npm-ci.mjs';
import { Problem } from './problem.mjs';
import { createProgress } from './progress.mjs';

/**
 * Runs `npm ci` unless node_modules already holds what package-lock.json says. Two at once take turns.
 * @param {string} root the workspace
 * @throws {Problem} when npm fails, with the reason and the place of the full log
 */
export async function ensureInstalled(root) {
  if (isInstalled(root)) return;
  const lock = await waitForLock(join(root, '.local', 'install.lock'));
  try {
    if (!isInstalled(root)) await install(root, lock);
    writeFileSync(stampFile(root), lockfileHash(root));
  } finally {
    lock.release();
  }
}

/** @param {string} root */
function isInstalled(root) {
  const stamp = stampFile(root);
  if (existsSync(stamp)) return readFileSync(stamp, 'utf8') === lockfileHash(root);
  return installedByHand(root);
}

/**
 * True after somebody's own `npm ci` or `npm install`: npm leaves a list of what it put there once it is through.
 * @param {string} root
 */
function installedByHand(root) {
  const listing = join(root, 'node_modules', '.package-lock.json');
  if (!existsSync(listing)) return false;
  const present = readPackages(listing);
  return Object.entries(readPackages(join(root, 'package-lock.json'))).every(
    ([path, wanted]) =>
      !path.includes('node_modules/') ||
      (present[path]
        ? present[path].version === wanted.version
        : wanted.optional || wanted.devOptional || wanted.peer),
  );
}

/**
 * @param {string} file
 * @returns {Record<string, { version?: string, optional?: boolean, devOptional?: boolean, peer?: boolean }>}
 */
function readPackages(file) {
  return JSON.parse(readFileSync(file, 'utf8')).packages;
}

/** @param {string} root */
function stampFile(root) {
  return join(root, 'node_modules', '.orders-install');
}

/** @param {string} root */
function lockfileHash(root) {
  return createHash('sha256')
    .update(readFileSync(join(root, 'package-lock.json')))
    .digest('hex');
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
