import { Disk } from './disk.ts';

/** What this machine allows, and why not. */
export interface Machine {
  /** Why servers can have no disks of their own; undefined when they can. */
  noDisks: string | undefined;
}

let found: Promise<Machine> | undefined;

/** Looked at once. */
export function thisMachine(): Promise<Machine> {
  return (found ??= Disk.unavailable().then((noDisks) => ({ noDisks })));
}
