import type { Patch } from '../prove-build/patch.ts';

/** The invariant that a finding begins with. */
export type Invariant = 'I1' | 'I2' | 'I3' | 'I4' | 'I5' | 'I6' | 'I7' | 'I8';

/** The kinds of fault that expose a bug, and their targets. */
export interface Exposure {
  readonly faults: readonly string[];
  readonly targets: readonly string[];
}

/** A bug that the proof must catch: it cannot vouch for what it cannot see. */
export interface Mutant {
  readonly name: string;
  /** Which promise the bug breaks, in words. */
  readonly breaks: string;
  readonly patches: readonly Patch[];
  readonly exposedBy: Exposure;
  /** The servers that show it. Default: those of npm start. */
  readonly platform?: string;
  /** The findings that count, the most telling first: any other means that the mutant or the proof is wrong. */
  readonly seenAs: readonly Invariant[];
}
