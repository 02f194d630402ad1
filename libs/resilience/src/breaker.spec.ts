import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { Breaker, type BreakerState } from './breaker.js';

class ServiceFailure extends Error {}
class OtherError extends Error {}
class CallRefused extends Error {}

let changes: BreakerState[];
let breaker: Breaker;
beforeEach(() => {
  jest.useFakeTimers();
  changes = [];
  breaker = new Breaker({
    isFailure: (error) => error instanceof ServiceFailure,
    refuse: () => new CallRefused(),
    onChange: (state) => changes.push(state),
  });
});
afterEach(() => {
  jest.useRealTimers();
});

const works = () => breaker.run(() => Promise.resolve('done'));
const fails = (error: Error = new ServiceFailure()) =>
  breaker.run(() => Promise.reject(error)).catch(() => 'failed');
async function open() {
  for (let n = 0; n < 10; n += 1) await fails();
}

describe('Breaker', () => {
  it('returns what the call returns, and throws what it throws', async () => {
    await expect(works()).resolves.toBe('done');
    const error = new ServiceFailure();
    await expect(breaker.run(() => Promise.reject(error))).rejects.toBe(error);
  });

  it('opens when nearly all calls fail, and then refuses calls without making them', async () => {
    await open();
    expect(breaker.state).toBe('open');
    await expect(works()).rejects.toBeInstanceOf(CallRefused);
  });

  it('does not open after fewer than ten calls', async () => {
    for (let n = 0; n < 9; n += 1) await fails();
    expect(changes).toEqual([]);
  });

  it('does not open while one call in four works', async () => {
    for (let n = 0; n < 100; n += 1) await (n % 4 === 0 ? works() : fails());
    expect(changes).toEqual([]);
  });

  it('counts an error that is no failure as a success', async () => {
    for (let n = 0; n < 100; n += 1) await fails(new OtherError());
    for (let n = 0; n < 11; n += 1) await fails();
    expect(changes).toEqual([]);
  });

  it('makes one trial call after a second, refuses others meanwhile, and closes when it succeeds', async () => {
    await open();
    await jest.advanceTimersByTimeAsync(1_000);
    const answer = Promise.withResolvers<string>();
    const probe = breaker.run(() => answer.promise);
    await expect(works()).rejects.toBeInstanceOf(CallRefused);
    answer.resolve('recovered');
    await expect(probe).resolves.toBe('recovered');
    await expect(works()).resolves.toBe('done');
    expect(changes).toEqual(['open', 'half-open', 'closed']);
  });

  it('opens for another second when the trial call fails', async () => {
    await open();
    await jest.advanceTimersByTimeAsync(1_000);
    await fails();
    await expect(works()).rejects.toBeInstanceOf(CallRefused);
    await jest.advanceTimersByTimeAsync(1_000);
    await expect(works()).resolves.toBe('done');
  });

  it('does not stay open longer when the wall clock is set back', async () => {
    await open();
    jest.setSystemTime(Date.now() - 3_600_000);
    await jest.advanceTimersByTimeAsync(1_000);
    await expect(works()).resolves.toBe('done');
  });
});
