import { existsSync, mkdirSync, unlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { CrashPoint } from './crash-points.ts';

/** Tells the apps of a prove build, through files in a folder for each of them, at which crash points to die. */
export class ArmedPoints {
  readonly #folder: string;

  /** @param folder made when it is missing */
  constructor(folder: string) {
    this.#folder = folder;
  }

  /** What an app needs in its environment. */
  environmentOf(app: string): { NODE_OPTIONS: string; PROVE_CRASH_POINTS: string } {
    const folder = join(this.#folder, app);
    mkdirSync(folder, { recursive: true });
    const hook = pathToFileURL(join(import.meta.dirname, 'crash-here.mjs')).href;
    const options = process.env['NODE_OPTIONS'] ?? '';
    return { NODE_OPTIONS: `${options} --import=${hook}`.trim(), PROVE_CRASH_POINTS: folder };
  }

  /** The next process of the app that comes by dies. */
  arm(point: CrashPoint): void {
    writeFileSync(this.#fileOf(point), '');
  }

  /** Is it waiting for a process? False once one has died of it. */
  isArmed(point: CrashPoint): boolean {
    return existsSync(this.#fileOf(point));
  }

  /** @returns false when it was too late: a process has died of it meanwhile */
  disarm(point: CrashPoint): boolean {
    try {
      unlinkSync(this.#fileOf(point));
      return true;
    } catch {
      return false;
    }
  }

  #fileOf({ app, place }: CrashPoint): string {
    return join(this.#folder, app, place);
  }
}
