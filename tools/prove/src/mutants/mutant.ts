import type { Patch } from '../prove-build/patch.ts';

/** What a finding begins with. */
export type Invariant = 'I1' | 'I2' | 'I3' | 'I4' | 'I5' | 'I6' | 'I7' | 'I8';

/** What brings a bug to light: kinds of fault, and where. */
export interface Exposure {
  readonly faults: readonly string[];
  readonly targets: readonly string[];
}

/** A bug of which the proof has to show that it breaks a promise: what it cannot see it cannot vouch for. */
export interface Mutant {
  readonly name: string;
  /** Which promise the bug breaks, in words. */
  readonly breaks: string;
  readonly patches: readonly Patch[];
  readonly exposedBy: Exposure;
  /** The findings that count, the most telling first: another one is a mistake of the mutant or of the proof. */
  readonly seenAs: readonly Invariant[];
}
