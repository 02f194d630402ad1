import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { constants } from 'node:os';
import { clearInterval, setInterval } from 'node:timers';

const FORWARDED = /** @type {const} */ (['SIGINT', 'SIGTERM', 'SIGHUP']);

/**
 * Runs a command on our own terminal, hands signals on to it, and ends as it ended.
 *
 * The child also gets an IPC channel that carries nothing: it closes when this process dies, however it dies, which is how
 * the child learns of a `kill -9` here.
 * @param {string} command
 * @param {string[]} args
 * @param {{ cwd: string, env: NodeJS.ProcessEnv }} options
 * @returns {Promise<number>} its exit code; 128 + n when signal n ended it
 */
export function runToEnd(command, args, options) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { ...options, stdio: ['inherit', 'inherit', 'inherit', 'ipc'] });
    const handlers = FORWARDED.map((signal) => /** @type {const} */ ([signal, () => child.kill(signal)]));
    for (const [signal, handler] of handlers) process.on(signal, handler);
    const watch = watchForLostParent(() => child.kill('SIGTERM'));
    child.once('error', reject);
    child.once('exit', (code, signal) => {
      clearInterval(watch);
      for (const [name, handler] of handlers) process.off(name, handler);
      resolve(signal ? 128 + constants.signals[signal] : (code ?? 1));
    });
  });
}

/**
 * npm waits for us as long as it lives; when it is killed nobody is left to end the command. Between npm and us stands a
 * shell, which outlives a `kill -9` of npm: so the shell's parent is watched too, where /proc tells it.
 * @param {() => void} onLost
 */
function watchForLostParent(onLost) {
  if (!process.env.npm_lifecycle_event) return undefined;
  const parent = process.ppid;
  const grandparent = parentOfShell(parent);
  const timer = setInterval(() => {
    if (process.ppid === parent && parentOfShell(parent) === grandparent) return;
    clearInterval(timer);
    onLost();
  }, 300);
  return timer;
}

/** @param {number} pid @returns {string | undefined} undefined when this is no shell, or there is no /proc */
function parentOfShell(pid) {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    if (!/^\d+ \((da|ba|z)?sh\)/.test(stat)) return undefined;
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1];
  } catch {
    return undefined;
  }
}
