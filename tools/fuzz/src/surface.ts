import fc from 'fast-check';
import type { SystemUnderFuzz } from './system-under-fuzz.ts';

/** Something of the system that takes input, and the cases for it. */
export interface Surface {
  readonly name: string;
  /** For the usage and the report. */
  readonly what: string;
  /** Its part of the cases of a run; all parts add up to 1. */
  readonly share: number;
  /** Prepares it on a running system. */
  open(sut: SystemUnderFuzz): Promise<OpenSurface>;
}

export interface OpenSurface {
  /** Generates and runs cases, one after the other. */
  readonly check: (lane: Lane) => Promise<CheckedLane>;
  /** Called after all cases: what is wrong with them together; empty when nothing is. */
  readonly conclude?: () => Promise<string[]>;
}

export interface Lane {
  readonly seed: number;
  readonly numRuns: number;
}

export interface CheckedLane {
  readonly cases: number;
  /** The smallest case that failed, and why; undefined when none did. */
  readonly finding: string | undefined;
}

const LONGEST_CASE = 2_000;

/**
 * The cases of a surface.
 *
 * @param run runs one; throws an Error with what is wrong with the answer
 */
export function cases<T>(values: fc.Arbitrary<T>, run: (value: T) => Promise<void>): OpenSurface['check'] {
  const property = fc.asyncProperty(values, run);
  return async (lane) => {
    const { failed, numRuns, counterexample, errorInstance } = await fc.check(property, lane);
    if (!failed) return { cases: numRuns, finding: undefined };
    const why = errorInstance instanceof Error ? errorInstance.message : String(errorInstance);
    const smallest = JSON.stringify(counterexample?.[0])
      .replaceAll(/Bearer ey[\w.-]+/g, 'Bearer …')
      .slice(0, LONGEST_CASE);
    return { cases: numRuns, finding: `${why}\n  case: ${smallest}` };
  };
}
