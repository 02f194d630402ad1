import { describe, expect, it } from '@jest/globals';
import { keepRunning } from './keep-running.ts';

/** Something that runs, and when it was stopped. */
function runningThing() {
  const seen = { stops: 0, stop: async () => void (seen.stops += 1) };
  return seen;
}

const never = new AbortController().signal;

describe('a system that runs', () => {
  it('is stopped when the signal aborts', async () => {
    const running = runningThing();
    const stop = new AbortController();
    const greeted = Promise.withResolvers<void>();
    const kept = keepRunning(running, stop.signal, async () => greeted.resolve());
    await greeted.promise;
    expect(running.stops).toBe(0);
    stop.abort();
    await kept;
    expect(running.stops).toBe(1);
  });

  it('is stopped when the signal aborted while it started', async () => {
    const running = runningThing();
    await keepRunning(running, AbortSignal.abort(), () => new Promise(() => undefined));
    expect(running.stops).toBe(1);
  });

  it('is stopped when the greeting fails, with a one-line error', async () => {
    const running = runningThing();
    const kept = keepRunning(running, never, () => Promise.reject(new TypeError('Invalid URL')));
    const message = 'npm start failed and has stopped everything: Invalid URL';
    await expect(kept).rejects.toMatchObject({ name: 'Problem', message });
    expect(running.stops).toBe(1);
  });

  it('is stopped when this process fails later, as when its terminal is gone', async () => {
    const running = runningThing();
    const greeted = Promise.withResolvers<void>();
    const kept = keepRunning(running, never, async () => greeted.resolve());
    await greeted.promise;
    process.emit('uncaughtException', new Error('write EPIPE'));
    await expect(kept).rejects.toThrow('npm start failed and has stopped everything: write EPIPE');
    expect(running.stops).toBe(1);
  });
});
