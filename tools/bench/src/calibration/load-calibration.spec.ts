import { describe, expect, it } from '@jest/globals';
import { LOADS } from '../load/loads.ts';
import { calibratedCpu } from './load-calibration.ts';

const cost = (postgresCpu: number) => ({ perSecond: 1, postgresCpu });

describe('the calibration of a load', () => {
  const found = { write: { simple: cost(1) }, read: { simple: cost(0.2), prepared: cost(0.1) } };

  it('weighs each kind of request by its share', () => {
    expect(calibratedCpu(LOADS.mixed, found, 'simple')).toBeCloseTo(0.28);
    expect(calibratedCpu(LOADS.reads, found, 'simple')).toBeCloseTo(0.2);
  });

  it('takes the simple protocol for what cannot be prepared', () => {
    expect(calibratedCpu(LOADS.mixed, found, 'prepared')).toBeCloseTo(0.19);
    expect(calibratedCpu(LOADS.post, found, 'prepared')).toBeCloseTo(1);
  });
});
