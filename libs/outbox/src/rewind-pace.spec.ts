import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { RewindPace } from './rewind-pace.js';

const INTACT_MS = 10_000;
const at = (position: number) => ({ tx: '1', position: `${position}` });

describe('rewinds', () => {
  beforeEach(() => void jest.useFakeTimers());
  afterEach(() => void jest.useRealTimers());

  const pace = () => new RewindPace(INTACT_MS, () => 0.999);

  it('pause longer and longer when the relay advances between them', () => {
    const rewinds = pace();
    rewinds.begin(at(100));
    for (const pauseMs of [1_000, 2_000, 4_000]) {
      jest.advanceTimersByTime(pauseMs - 10);
      expect(() => rewinds.begin(at(100))).toThrow('the stream has lost events again');
      jest.advanceTimersByTime(10);
      rewinds.begin(at(100));
    }
  });

  it('go back further and further without a pause, also over transactions', () => {
    const rewinds = pace();
    for (const from of [{ tx: '10', position: '5' }, { tx: '9', position: '7' }, at(30), at(4)])
      rewinds.begin(from);
    expect(() => rewinds.begin(at(4))).toThrow('the stream has lost events again');
  });

  it('count as the first one again after the stream was intact for a while', () => {
    const rewinds = pace();
    for (const waitMs of [1_000, 2_000, 4_000]) {
      rewinds.begin(at(1));
      jest.advanceTimersByTime(waitMs);
    }
    rewinds.intact();
    expect(() => rewinds.begin(at(1))).not.toThrow();
    jest.advanceTimersByTime(8_000 + INTACT_MS + 1);
    rewinds.intact();
    rewinds.begin(at(1));
    jest.advanceTimersByTime(1_000);
    expect(() => rewinds.begin(at(1))).not.toThrow();
  });
});
