import type { Random } from '../random.ts';
import type { SystemUnderProof } from '../system-under-proof.ts';

export interface Injection {
  target: string;
  durationMs: number;
  /** Of this injection alone, so that a plan repeats whatever else happens. */
  random: Random;
}

/** Something that goes wrong. */
export interface Fault {
  readonly name: string;
  readonly targets: readonly string[];
  /** Shortest and longest, in ms; the same twice for what lasts an instant. */
  readonly durationMs: readonly [number, number];
  /** Clients must not notice it: no request may fail. */
  readonly unnoticed?: true;
  /** Not every machine has it. */
  readonly needs?: 'disks';
  /** Two faults of one component are not planned over each other. */
  component(target: string): string | readonly string[];
  /** Does it; the function returned makes it good, and resolves when that is complete. */
  begin(sut: SystemUnderProof, injection: Injection): Promise<() => Promise<void>>;
}

/** Thrown by a fault that found no occasion: its trial shows nothing about it. */
export class NotInjected extends Error {
  override readonly name = 'NotInjected';
}

/** What it takes to make good a fault that leaves nothing behind. */
export const nothing = async (): Promise<void> => undefined;
