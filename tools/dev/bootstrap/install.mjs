import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { createWriteStream, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { tryLock } from './lock.mjs';
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
    if (!isInstalled(root)) await npmCi(root);
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

/**
 * Install scripts stay off: nothing here needs one (links in the Postgres package are made when it is first used), and
 * npm 10, 11 and 12 then behave alike.
 * @param {string} root
 */
async function npmCi(root) {
  const log = join(root, '.local', 'npm-ci.log');
  mkdirSync(dirname(log), { recursive: true });
  const progress = createProgress();
  const step = progress.step('installing packages (npm ci, about a minute)');
  const { code, output } = await capture(npmCommand(), root, log);
  if (code === 0) step.done();
  else step.fail();
  progress.close();
  if (code !== 0) throw new Problem(`${explain(output)} (full log: ${relative(process.cwd(), log)})`);
}

function npmCommand() {
  const cli = process.env.npm_execpath;
  const npm = cli?.endsWith('.js') ? [process.execPath, cli] : ['npm'];
  const retries = ['--fetch-retries=2', '--fetch-retry-mintimeout=1000', '--fetch-retry-maxtimeout=4000'];
  return [
    ...npm,
    'ci',
    '--ignore-scripts',
    '--prefer-offline',
    '--no-audit',
    '--no-fund',
    '--loglevel=notice',
    ...retries,
  ];
}

/**
 * @param {string[]} command @param {string} cwd @param {string} log
 * @returns {Promise<{ code: number, output: string }>}
 */
function capture([command = 'npm', ...args], cwd, log) {
  return new Promise((resolve) => {
    const file = createWriteStream(log);
    let output = '';
    const child = spawn(command, args, { cwd, stdio: ['ignore', 'pipe', 'pipe'] });
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', (chunk) => {
        file.write(chunk);
        output = (output + chunk).slice(-65_536);
      });
    }
    const stop = () => {
      child.kill('SIGTERM');
      process.exit(143);
    };
    process.once('SIGTERM', stop);
    const finish = (/** @type {number} */ code) => {
      process.off('SIGTERM', stop);
      file.end(() => resolve({ code, output }));
    };
    child.once('error', (error) => {
      output += error.message;
      finish(1);
    });
    child.once('close', (code) => finish(code ?? 1));
  });
}

/** @param {string} output what npm printed */
export function explain(output) {
  const network =
    /\b(ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|ENETUNREACH|ERR_SOCKET_TIMEOUT)\b/.exec(output);
  if (network) return `No network to the npm registry (${network[1]}): the packages could not be installed`;
  if (/\bENOSPC\b/.test(output)) return 'No space left on the disk: the packages need about 800 MB';
  if (/\bspawn npm ENOENT\b/.test(output)) return 'npm was not found on PATH';
  const detail = /npm (?:error|ERR!) (?!code\b)(\S.*)/.exec(output)?.[1] ?? 'see the log';
  return `npm ci failed: ${detail}`;
}
