import { execFileSync } from 'node:child_process';
import { linkSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';

/** @typedef {{ pid: number, identity: string, since: string }} Holder */
/**
 * @typedef {object} Lock
 * @property {() => void} release
 * @property {(pid: number) => void} handOver lets it last as long as another process: a child that may outlive us
 */

/**
 * Takes a lock file that a dead process can never keep: it names its holder, and a holder that is gone does not count.
 * @param {string} path
 * @returns {Lock | { holder: Holder }} the lock, or who has it
 */
export function tryLock(path) {
  mkdirSync(dirname(path), { recursive: true });
  const draft = `${path}.${process.pid}`;
  writeFileSync(draft, describe(process.pid));
  try {
    for (;;) {
      if (linked(draft, path)) return createLock(path);
      const text = readOrUndefined(path);
      if (text === undefined) continue; // released between the two calls
      const holder = parseHolder(text);
      if (holder && processIdentity(holder.pid) === holder.identity) return { holder };
      discard(path, text);
    }
  } finally {
    rmSync(draft, { force: true });
  }
}

/**
 * What tells a process from any later one with the same number: the time it started. Zombies count as gone.
 * @param {number} pid
 * @returns {string | undefined} undefined when there is no such process
 */
export function processIdentity(pid) {
  if (process.platform !== 'linux') return identityByPs(pid);
  const stat = readOrUndefined(`/proc/${pid}/stat`);
  if (stat === undefined) return undefined;
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' '); // from field 3 of proc(5) on: state first
  if (fields[0] === 'Z' || fields[0] === 'X') return undefined;
  return `${readOrUndefined('/proc/sys/kernel/random/boot_id')?.trim()}/${fields[19]}`;
}

/** @param {string} path @returns {Lock} */
function createLock(path) {
  return {
    release: () => rmSync(path, { force: true }),
    handOver: (pid) => {
      writeFileSync(`${path}.next`, describe(pid));
      renameSync(`${path}.next`, path);
    },
  };
}

/** @param {number} pid */
function describe(pid) {
  return JSON.stringify({ pid, identity: processIdentity(pid) ?? '', since: new Date().toISOString() });
}

/** @param {number} pid */
function identityByPs(pid) {
  try {
    const env = { ...process.env, LC_ALL: 'C', TZ: 'UTC' }; // the same words and times whoever asks
    const options = /** @type {const} */ ({ encoding: 'utf8', env });
    return execFileSync('ps', ['-o', 'lstart=', '-p', String(pid)], options).trim() || undefined;
  } catch {
    return undefined;
  }
}

/** @param {string} draft @param {string} path */
function linked(draft, path) {
  try {
    linkSync(draft, path);
    return true;
  } catch (error) {
    if (/** @type {NodeJS.ErrnoException} */ (error).code === 'EEXIST') return false;
    throw error;
  }
}

/**
 * Removes a dead holder's file, and only that: when somebody else was quicker, what they put there goes back.
 * @param {string} path @param {string} text
 */
function discard(path, text) {
  const aside = `${path}.${process.pid}.stale`;
  try {
    renameSync(path, aside);
  } catch {
    return; // another process has just done it
  }
  if (readOrUndefined(aside) !== text) linked(aside, path);
  rmSync(aside, { force: true });
}

/** @param {string} text @returns {Holder | undefined} */
function parseHolder(text) {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** @param {string} path */
function readOrUndefined(path) {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}
