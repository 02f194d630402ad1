import { every } from '@orders/resilience';
import { type FileTexts, readFiles, sameTexts } from './read-files.js';

/** Time between two readings, in ms. */
const READ_EVERY_MS = 1_000;

/**
 * Reads files every second: that sees a change in place as well as the symbolic links that Kubernetes swaps, on every file
 * system, which events of the file system do not. Only what two readings in a row have found counts, so that a file that
 * is being written is waited for.
 */
export class FileWatch<Name extends string> {
  /**
   * @param paths of the files, by a name for each
   * @param last what was read before
   * @param onSettled gets what two readings in a row have found, also when that is nothing new
   */
  constructor(
    private readonly paths: Readonly<Record<Name, string>>,
    private last: FileTexts<Name>,
    private readonly onSettled: (found: FileTexts<Name>) => void,
  ) {}

  /** Reads the files every second until `signal` aborts. */
  run(signal: AbortSignal, onError: (error: unknown) => void): Promise<void> {
    return every(READ_EVERY_MS, () => this.read(), { signal, onError });
  }

  /** Reads the files once. */
  async read(): Promise<void> {
    const found = await readFiles(this.paths);
    const settled = sameTexts(found, this.last);
    this.last = found;
    if (settled) this.onSettled(found);
  }
}
