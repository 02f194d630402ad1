import type { MachineTrait } from '../machine.ts';
import type { PlatformTrait } from '../platform.ts';
import type { Random } from '../random.ts';
import type { SystemUnderProof } from '../system-under-proof.ts';

export interface Injection {
  target: string;
  durationMs: number;
  /** Random numbers for this injection alone, so that a plan repeats whatever else happens. */
  random: Random;
}

/** A kind of fault. */
export interface Fault {
  readonly name: string;
  readonly targets: readonly string[];
  /** Shortest and longest duration, in ms; 0 and 0 for what lasts an instant. */
  readonly durationMs: readonly [number, number];
  /** Clients must not notice it: no request may fail. */
  readonly unnoticed?: true;
  /** What the machine or the platform must have. Not every one has it. */
  readonly needs?: MachineTrait | PlatformTrait;
  /** The component that it affects. Two faults of one component never overlap. */
  component(target: string): string | readonly string[];
  /** Injects the fault. The returned function ends it, and resolves when everything is restored. */
  begin(sut: SystemUnderProof, injection: Injection): Promise<() => Promise<void>>;
}

/** Thrown by a fault that had nothing to act on: its trial shows nothing about it. */
export class NotInjected extends Error {
  override readonly name = 'NotInjected';
}

/** The end of a fault that leaves nothing to restore. */
export const nothing = async (): Promise<void> => undefined;
