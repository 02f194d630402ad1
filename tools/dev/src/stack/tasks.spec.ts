import { describe, expect, it } from '@jest/globals';
import { Tasks } from './tasks.ts';

function untilAborted(signal: AbortSignal): Promise<never> {
  return new Promise((_resolve, reject) =>
    signal.addEventListener('abort', () => reject(new Error('a consequence'))),
  );
}

describe('parallel work', () => {
  it('returns every result', async () => {
    const tasks = new Tasks();
    const results = await tasks.all([tasks.run('a', async () => 1), tasks.run('b', async () => 'two')]);
    expect(results).toEqual([1, 'two']);
  });

  it('ends the others when one fails, and throws the cause rather than its consequences', async () => {
    const tasks = new Tasks();
    const others = tasks.run('waits', untilAborted);
    const failing = tasks.run('fails', () => Promise.reject(new Error('the cause')));
    await expect(tasks.all([others, failing])).rejects.toThrow('the cause');
  });

  it('ends when its caller aborts', async () => {
    const caller = new AbortController();
    const tasks = new Tasks({ signal: caller.signal });
    const waiting = tasks.all([tasks.run('waits', untilAborted)]);
    caller.abort(new Error('Ctrl-C'));
    await expect(waiting).rejects.toThrow('Ctrl-C');
  });
});
