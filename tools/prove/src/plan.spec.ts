import { describe, expect, it } from '@jest/globals';
import { FAULTS, faultNamed, faultsOn } from './faults/catalogue.ts';
import { type Choice, describePlan, planTrials, type TrialPlan } from './plan.ts';
import { DEFAULT_PLATFORM, platformNamed } from './platform.ts';
import { Random } from './random.ts';

function first(count: number, seed: string, choice?: Choice): TrialPlan[] {
  const trials = planTrials(new Random(seed), choice);
  return Array.from({ length: count }, () => trials.next().value);
}

describe('a plan', () => {
  it('is the same for the same seed, and another for another', () => {
    expect(first(40, 'a')).toEqual(first(40, 'a'));
    expect(first(40, 'a')).not.toEqual(first(40, 'b'));
  });

  it('deals every kind of fault within as many trials as there are kinds', () => {
    const dealt = first(FAULTS.length, 'a').flatMap(({ faults }) => faults.map(({ fault }) => fault));
    expect(new Set(dealt).size).toBe(FAULTS.length);
  });

  it('overlaps faults of different components only', () => {
    const overlapping = first(400, 'a').filter(({ faults }) => faults.length > 1);
    expect(overlapping.length).toBeGreaterThan(60);
    for (const { faults } of overlapping) {
      const components = faults.flatMap(({ fault, target }) => faultNamed(fault).component(target));
      expect(new Set(components).size).toBe(components.length);
    }
  });

  it('can be of one kind and one target', () => {
    const faults = first(10, 'a', { only: ['freeze'], targets: ['orders'] }).flatMap((trial) => trial.faults);
    expect(new Set(faults.map(({ fault, target }) => `${fault} ${target}`))).toEqual(
      new Set(['freeze orders']),
    );
  });

  it('reads as a sentence', () => {
    const faults = [{ fault: 'cut', target: 'orders-nats', offsetMs: 5, durationMs: 0 }];
    expect(describePlan({ number: 1, faults })).toBe('cut · orders-nats (+5 ms, 0 ms)');
  });
});

describe('what machine or servers cannot do', () => {
  it('is left out of the plan and listed with the reason', () => {
    const { faults, skipped } = faultsOn({ disks: 'needs root' }, DEFAULT_PLATFORM);
    expect(skipped).toContainEqual({ fault: 'power cut', why: 'needs root' });
    const dealt = first(100, 'a', { among: faults }).flatMap((trial) => trial.faults);
    expect(dealt.map(({ fault }) => fault)).not.toContain('power cut');
    const onCluster = faultsOn({}, platformNamed('cluster'));
    expect(onCluster.faults.map(({ name }) => name)).toContain('node killed');
    expect(onCluster.elsewhere).toContainEqual({
      fault: 'stream cut short',
      why: 'needs one nats-server; see --on',
    });
  });
});

describe('a target that only other servers have', () => {
  it('is told of', () => {
    const { faults } = faultsOn({}, DEFAULT_PLATFORM);
    const plan = () => first(1, 'a', { among: faults, targets: ['standby'] });
    expect(plan).toThrow('--target "standby" is not possible here; see --on.');
  });
});

describe('random numbers', () => {
  it('stay within their bounds and reach both ends', () => {
    const random = new Random('x');
    const numbers = Array.from({ length: 1_000 }, () => random.int(3, 6));
    expect([...new Set(numbers)].sort()).toEqual([3, 4, 5, 6]);
    expect(() => random.pick([])).toThrow(RangeError);
  });

  it('of a fork do not depend on how many its parent has given', () => {
    const random = new Random('x');
    const fork = random.fork('y').next();
    random.next();
    expect(random.fork('y').next()).toBe(fork);
  });
});
