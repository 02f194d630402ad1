import { spawn } from 'node:child_process';
import { createWriteStream } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { folderOrElse } from './folders.mjs';

const NETWORK = /\b(ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|ENETUNREACH|ERR_SOCKET_TIMEOUT)\b/;
const FAILED_FETCH = /npm http fetch \S+ \S+ attempt \d+ failed with/g;
const ANSWERED_FETCH = /npm http fetch \S+ \d{3} /;

/** npm asks for every package three times before it gives up, which takes minutes without a network. */
const HOPELESS_AFTER = 20;

/**
 * Runs `npm ci` without install scripts: nothing here needs one (links in the Postgres package are made when it is first
 * used), and npm 10, 11 and 12 then behave alike. What npm has in its cache needs no network. Everything that the lockfile
 * names for this machine is installed, also where the shell or the user's .npmrc leaves out kinds of packages.
 * @param {string} cwd
 * @param {{ log: string, onSpawn: (pid: number) => void }} options the file for all it prints, and who wants its pid
 * @returns {Promise<{ code: number, output: string }>} its exit code and the last 64 KiB of what it printed
 */
export function npmCi(cwd, { log, onSpawn }) {
  return new Promise((resolve) => {
    const [command = 'npm', ...args] = npmCommand(cwd);
    const child = spawn(command, args, { cwd, stdio: ['ignore', 'pipe', 'pipe'] });
    if (child.pid) onSpawn(child.pid);
    const file = createWriteStream(log);
    let output = '';
    const lookAt = hopelessness(() => child.kill('SIGTERM'));
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (/** @type {string} */ text) => {
        file.write(text);
        output = (output + text).slice(-65_536);
        lookAt(text);
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

/**
 * Calls back once many requests have failed and none was ever answered.
 * @param {() => void} onHopeless
 */
export function hopelessness(onHopeless) {
  let failures = 0;
  let answered = false;
  return (/** @type {string} */ text) => {
    failures += text.match(FAILED_FETCH)?.length ?? 0;
    answered ||= ANSWERED_FETCH.test(text);
    if (failures >= HOPELESS_AFTER && !answered) onHopeless();
  };
}

/** @param {string} cwd */
function npmCommand(cwd) {
  const cli = process.env.npm_execpath;
  const npm = cli?.endsWith('.js') ? [process.execPath, cli] : ['npm'];
  const quiet = ['--no-audit', '--no-fund', '--no-progress', '--loglevel=http'];
  const retries = ['--fetch-retries=2', '--fetch-retry-mintimeout=1000', '--fetch-retry-maxtimeout=4000'];
  const usual = process.env.npm_config_cache || join(homedir(), '.npm');
  const cache = folderOrElse(usual, join(cwd, '.local', 'npm-cache'));
  const everything = ['--include=dev', '--include=optional', '--include=peer', '--no-legacy-peer-deps'];
  return (
    [...npm, 'ci', '--ignore-scripts', '--prefer-offline', ...everything, ...quiet, ...retries]
      // Else npm chooses it, perhaps by the user's .npmrc.
      .concat(cache === usual ? [] : ['--cache', cache])
  );
}

/**
 * Why it failed, in one line.
 * @param {string} output what npm printed
 */
export function explain(output) {
  const network = NETWORK.exec(output);
  if (network) return `No network to the npm registry (${network[1]}): the packages could not be installed`;
  if (/\bENOSPC\b/.test(output)) return 'No space left on the disk: the packages need about 800 MB';
  if (/\bspawn npm ENOENT\b/.test(output)) return 'npm was not found on PATH';
  const detail =
    /npm (?:error|ERR!) (?!code\b|syscall\b|path\b|errno\b)(\S.*)/.exec(output)?.[1] ?? 'see the log';
  return `npm ci failed: ${detail}`;
}
