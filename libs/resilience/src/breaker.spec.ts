import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { Breaker, type BreakerState } from './breaker.js';

class Trouble extends Error {}
class Refusal extends Error {}
class NotMade extends Error {}

let changes: BreakerState[];
let breaker: Breaker;
beforeEach(() => {
  jest.useFakeTimers();
  changes = [];
  breaker = new Breaker({
    isFailure: (error) => error instanceof Trouble,
    refuse: () => new NotMade(),
    onChange: (state) => changes.push(state),
  });
});
afterEach(() => {
  jest.useRealTimers();
});

const works = () => breaker.run(() => Promise.resolve('done'));
const fails = (error: Error = new Trouble()) =>
  breaker.run(() => Promise.reject(error)).catch(() => 'failed');
async function open() {
  for (let n = 0; n < 10; n += 1) await fails();
}

describe('Breaker', () => {
  it('hands on what a call answers or throws', async () => {
    await expect(works()).resolves.toBe('done');
    const error = new Trouble();
    await expect(breaker.run(() => Promise.reject(error))).rejects.toBe(error);
  });

  it('opens when nearly all calls fail, then refuses without a call', async () => {
    await open();
    expect(breaker.state).toBe('open');
    await expect(works()).rejects.toBeInstanceOf(NotMade);
  });

  it('does not open because of a few calls', async () => {
    for (let n = 0; n < 9; n += 1) await fails();
    expect(changes).toEqual([]);
  });

  it('does not open while one call in four works', async () => {
    for (let n = 0; n < 100; n += 1) await (n % 4 === 0 ? works() : fails());
    expect(changes).toEqual([]);
  });

  it('takes an error that is no failure for a sign of life', async () => {
    for (let n = 0; n < 100; n += 1) await fails(new Refusal());
    for (let n = 0; n < 11; n += 1) await fails();
    expect(changes).toEqual([]);
  });

  it('lets one call through after a second, refuses the others meanwhile, and closes when it works', async () => {
    await open();
    await jest.advanceTimersByTimeAsync(1_000);
    const answer = Promise.withResolvers<string>();
    const probe = breaker.run(() => answer.promise);
    await expect(works()).rejects.toBeInstanceOf(NotMade);
    answer.resolve('well again');
    await expect(probe).resolves.toBe('well again');
    await expect(works()).resolves.toBe('done');
    expect(changes).toEqual(['open', 'half-open', 'closed']);
  });

  it('opens for another second when that call fails', async () => {
    await open();
    await jest.advanceTimersByTimeAsync(1_000);
    await fails();
    await expect(works()).rejects.toBeInstanceOf(NotMade);
    await jest.advanceTimersByTimeAsync(1_000);
    await expect(works()).resolves.toBe('done');
  });

  it('does not stay open because the clock was set back', async () => {
    await open();
    jest.setSystemTime(Date.now() - 3_600_000);
    await jest.advanceTimersByTimeAsync(1_000);
    await expect(works()).resolves.toBe('done');
  });
});
