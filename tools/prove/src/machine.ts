import { Disk } from './disk.ts';

/** What this machine allows. */
export interface Machine {
  /** Why each server cannot have a disk of its own; undefined when it can. */
  noDisks: string | undefined;
}

let found: Promise<Machine> | undefined;

/** Checks the machine once and remembers the result. */
export function thisMachine(): Promise<Machine> {
  return (found ??= Disk.unavailable().then((noDisks) => ({ noDisks })));
}
