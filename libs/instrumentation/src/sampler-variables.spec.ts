import { describe, expect, it } from '@jest/globals';

import { checkSampler } from './sampler-variables.js';

const check = (sampler?: string, ratio?: string) => () =>
  checkSampler({ OTEL_TRACES_SAMPLER: sampler, OTEL_TRACES_SAMPLER_ARG: ratio });

describe('the variables of the sampler', () => {
  it.each([
    [undefined, undefined],
    ['', '7'],
    ['always_off', 'unused'],
    ['parentbased_traceidratio', undefined],
    ['parentbased_traceidratio', '0.1'],
    ['traceidratio', '0'],
    ['traceidratio', '1'],
  ])('%p with %p is taken', (sampler, ratio) => expect(check(sampler, ratio)).not.toThrow());

  it('names a sampler that does not exist, and those that do', () => {
    expect(check('parentbased_traceidration', '0.1')).toThrow(
      /^OTEL_TRACES_SAMPLER is "parentbased_traceidration": must be one of .*parentbased_traceidratio$/,
    );
  });

  it.each(['', ' ', '10 %', '1.5', '-0.1', '0,1', 'NaN'])(
    'refuses the ratio %j: all would be recorded',
    (ratio) => {
      expect(check('traceidratio', ratio)).toThrow(
        /^OTEL_TRACES_SAMPLER_ARG is .*: must be a number from 0 to 1$/,
      );
    },
  );
});
