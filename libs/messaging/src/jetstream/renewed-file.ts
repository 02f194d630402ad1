import { unreadable } from '@orders/service';
import { readFileSync } from 'node:fs';

export interface RenewedFileOptions<T> {
  /** The variable that names the file, for messages. */
  readonly variable: string;
  readonly path: string;
  /** @throws {Error} with a reason that follows the name of the file: `is empty` */
  readonly parse: (text: string) => T;
}

/**
 * A file whose content is read anew each time that it is needed. When that fails, what was read before stays in use.
 */
export class RenewedFile<T> {
  readonly #options: RenewedFileOptions<T>;
  #last: T;
  #problem: string | undefined;

  /** @throws {Error} with the file and the reason */
  constructor(options: RenewedFileOptions<T>) {
    this.#options = options;
    this.#last = this.#read();
  }

  /** @param report called with the reason when the file cannot be used, once for each reason */
  read(report: (problem: string) => void): T {
    try {
      this.#last = this.#read();
      this.#problem = undefined;
    } catch (error) {
      const { message } = error as Error;
      if (message !== this.#problem)
        report(`${this.#options.variable} ${message}: what it had before stays in use`);
      this.#problem = message;
    }
    return this.#last;
  }

  #read(): T {
    const { path, parse } = this.#options;
    try {
      return parse(readText(path));
    } catch (cause) {
      throw new Error(`${path}: ${(cause as Error).message}`, { cause });
    }
  }
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (cause) {
    throw unreadable(cause);
  }
}
