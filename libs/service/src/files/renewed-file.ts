import type { Logger } from 'pino';
import { FileWatch } from './file-watch.js';
import { readTextSync } from './read-files.js';

export interface RenewedFileOptions<T> {
  /** The variable that names the file, for the log and the metric. */
  readonly variable: string;
  readonly path: string;
  /** @throws {Error} with a reason that follows the name of the file: `is empty` */
  readonly parse: (text: string) => T;
}

/**
 * A file that a variable of the config names. Its content may change at run time: {@link renewFiles} takes other content
 * into use, unless that cannot be used.
 */
export class RenewedFile<T> {
  readonly variable: string;
  readonly #path: string;
  readonly #parse: (text: string) => T;
  readonly #watch: FileWatch<'file'>;
  /** Called with a line for the log. */
  #onRefused: (reason: string) => void = () => undefined;
  #text: string;
  #current: T;
  #refused = '';

  /**
   * Reads the file.
   *
   * @throws {Error} with the file and the reason: `/etc/nats/ca.crt: is empty`
   */
  constructor({ variable, path, parse }: RenewedFileOptions<T>) {
    this.variable = variable;
    this.#path = path;
    this.#parse = parse;
    try {
      this.#text = readTextSync(path);
      this.#current = parse(this.#text);
    } catch (cause) {
      throw new Error(`${path}: ${(cause as Error).message}`, { cause });
    }
    this.#watch = new FileWatch({ file: path }, { file: this.#text }, ({ file }) => this.#settle(file));
  }

  /** What `parse` made of the last content that it took. */
  get current(): T {
    return this.#current;
  }

  /** Why the content of the file cannot be used now, so that older content is in use; empty when it can. */
  get refused(): string {
    return this.#refused;
  }

  /** Reads the file every second until `signal` aborts. Other content is in use about 2 s after it was written. */
  renew(logger: Logger, signal: AbortSignal): Promise<void> {
    this.#onRefused = (reason) =>
      logger.error({ reason }, 'a file cannot be used: what it had before stays in use');
    return this.#watch.run(signal, (err) => logger.error({ err }, `reading ${this.#path} failed`));
  }

  /** Reads the file once; content that two readings in a row have found is used. */
  read(): Promise<void> {
    return this.#watch.read();
  }

  #settle(found: string | Error): void {
    const reason = found === this.#text ? '' : this.#take(found);
    if (reason !== '' && reason !== this.#refused) this.#onRefused(reason);
    this.#refused = reason;
  }

  /** @returns why it cannot be used; empty when it can */
  #take(found: string | Error): string {
    try {
      if (found instanceof Error) throw found;
      this.#current = this.#parse(found);
      this.#text = found;
      return '';
    } catch (error) {
      return `${this.variable} ${this.#path}: ${(error as Error).message}`;
    }
  }
}
