import { existsSync, mkdirSync, unlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

/** Tells the apps of a prove build, through files in a folder, at which crash points to die. */
export class ArmedPoints {
  readonly #folder: string;

  /** @param folder made when it is missing */
  constructor(folder: string) {
    this.#folder = folder;
    mkdirSync(folder, { recursive: true });
  }

  /** What the apps need in their environment. */
  get environment(): { NODE_OPTIONS: string; PROVE_CRASH_POINTS: string } {
    const hook = pathToFileURL(join(import.meta.dirname, 'crash-here.mjs')).href;
    const options = process.env['NODE_OPTIONS'] ?? '';
    return { NODE_OPTIONS: `${options} --import=${hook}`.trim(), PROVE_CRASH_POINTS: this.#folder };
  }

  /** The next process that comes by dies. */
  arm(point: string): void {
    writeFileSync(this.#fileOf(point), '');
  }

  /** Is it waiting for a process? False once one has died of it. */
  isArmed(point: string): boolean {
    return existsSync(this.#fileOf(point));
  }

  /** @returns false when it was too late: a process has died of it meanwhile */
  disarm(point: string): boolean {
    try {
      unlinkSync(this.#fileOf(point));
      return true;
    } catch {
      return false;
    }
  }

  #fileOf(point: string): string {
    return join(this.#folder, point);
  }
}
