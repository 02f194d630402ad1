import { performance } from 'node:perf_hooks';
import { clearInterval, setInterval } from 'node:timers';

/**
 * @typedef {object} Step
 * @property {(detail: string) => void} update says what it is at
 * @property {(detail?: string) => void} done
 * @property {(detail?: string) => void} fail
 * @typedef {{ title: string, detail: string, startedAt: number, announcedAt: number }} Running
 */

const FRAMES = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏'];
const QUIET_MS = 2000;
const REMIND_MS = 10_000;

/**
 * Shows work under way: on a terminal a live line for each step with the time it has taken; elsewhere one plain line when
 * a step passes two seconds, one every ten seconds after, and one at its end.
 * @param {{ stream?: NodeJS.WriteStream }} [options] default stderr, so that stdout stays clean
 */
export function createProgress({ stream = process.stderr } = {}) {
  const live = Boolean(stream.isTTY) && process.env.TERM !== 'dumb';
  const colours = live && !process.env.NO_COLOR;
  /** @type {Set<Running>} */
  const running = new Set();
  let painted = 0;
  let frame = 0;
  const timer = setInterval(() => (live ? repaint() : remind()), live ? 100 : 250);
  timer.unref();

  const erase = () => {
    if (painted > 0) stream.write(`\x1b[${painted}A\x1b[0J`);
    painted = 0;
  };

  const repaint = () => {
    erase();
    frame += 1;
    for (const step of running) {
      const line = `${FRAMES[frame % FRAMES.length]} ${step.title} ${elapsed(step)}${step.detail && ` · ${step.detail}`}`;
      stream.write(`${line.slice(0, (stream.columns || 80) - 1)}\n`);
      painted += 1;
    }
  };

  const remind = () => {
    for (const step of running) {
      const now = performance.now();
      if (now - step.startedAt < QUIET_MS || now - step.announcedAt < REMIND_MS) continue;
      stream.write(`… ${step.title} ${elapsed(step)}${step.detail && ` · ${step.detail}`}\n`);
      step.announcedAt = now;
    }
  };

  const log = (/** @type {string} */ line) => {
    erase();
    stream.write(`${line}\n`);
    if (live) repaint();
  };

  /** @param {Running} step @param {string} mark @param {string} detail */
  const finish = (step, mark, detail) => {
    if (!running.delete(step)) return;
    const shown = colours ? `\x1b[${mark === '✓' ? 32 : 31}m${mark}\x1b[0m` : mark;
    log(`${shown} ${step.title} ${elapsed(step)}${detail && ` · ${detail}`}`);
  };

  return {
    /** Begins a step. @param {string} title @returns {Step} */
    step(title) {
      const step = { title, detail: '', startedAt: performance.now(), announcedAt: -Infinity };
      running.add(step);
      if (live) repaint();
      return {
        update: (detail) => void (step.detail = detail),
        done: (detail = '') => finish(step, '✓', detail),
        fail: (detail = '') => finish(step, '✗', detail),
      };
    },
    /** Prints a line above what is under way. */
    log,
    /** Ends the display; steps still running leave no line. */
    close() {
      clearInterval(timer);
      running.clear();
      erase();
    },
  };
}

/** @param {Running} step */
function elapsed(step) {
  return `${((performance.now() - step.startedAt) / 1000).toFixed(1)} s`;
}
