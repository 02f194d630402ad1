import { existsSync, mkdirSync, unlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { CrashPoint } from './crash-points.ts';

/** Arms crash points of a prove build: a file in the folder of an app makes it die at that point. */
export class ArmedPoints {
  readonly #folder: string;

  /** @param folder created when it is missing */
  constructor(folder: string) {
    this.#folder = folder;
  }

  /** The environment variables with which an app finds its armed points. */
  environmentOf(app: string): { NODE_OPTIONS: string; PROVE_CRASH_POINTS: string } {
    const folder = join(this.#folder, app);
    mkdirSync(folder, { recursive: true });
    const hook = pathToFileURL(join(import.meta.dirname, 'crash-here.mjs')).href;
    const options = process.env['NODE_OPTIONS'] ?? '';
    return { NODE_OPTIONS: `${options} --import=${hook}`.trim(), PROVE_CRASH_POINTS: folder };
  }

  /** The next process of the app that reaches the point dies. */
  arm(point: CrashPoint): void {
    writeFileSync(this.#fileOf(point), '');
  }

  /** Whether the point still waits for a process; false once one has died there. */
  isArmed(point: CrashPoint): boolean {
    return existsSync(this.#fileOf(point));
  }

  /** @returns false when it is too late: a process has died there */
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
