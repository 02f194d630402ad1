import { describe, expect, it, jest } from '@jest/globals';
import {
  controlledBatcher,
  Outage,
  outcomeOf,
  turn,
  useControlledClock,
} from './testing/controlled-batcher.js';

useControlledClock();

describe('A batch that fails', () => {
  it('is sent again item by item, so that a poisoned item fails alone', async () => {
    const { add, sent, names } = controlledBatcher();
    const outcomes = [add('a'), add('poison'), add('b', 50)].map(outcomeOf);
    await turn();
    jest.advanceTimersByTime(50);
    sent[0]!.answer.resolve();
    await turn();
    expect(names()).toEqual(['a poison b', 'a', 'poison']);
    for (const { answer } of sent) answer.resolve();
    await turn();
    expect(outcomes).toEqual([['answer to a'], ['poison'], ['late']]);
  });

  it('is not sent again after an outage', async () => {
    const { add, sent } = controlledBatcher();
    const outcomes = [add('a'), add('b')].map(outcomeOf);
    await turn();
    sent[0]!.answer.reject(new Outage('down'));
    await turn();
    expect(outcomes).toEqual([['down'], ['down']]);
    expect(sent).toHaveLength(1);
  });

  it('gives each item its own failure, also an item without a result', async () => {
    const { add } = controlledBatcher({
      send: async () => [{ status: 'rejected', reason: new Error('no') }],
    });
    const outcomes = [add('a'), add('b')].map(outcomeOf);
    await turn();
    expect(outcomes).toEqual([['no'], ['the batch did not answer this item']]);
  });
});
