import { inspect } from 'node:util';

import { z } from 'zod';

/** A value that prints as `***` wherever it lands: in logs, in JSON, in error texts, in a debugger's summary. */
export class Secret {
  readonly #value: string;

  constructor(value: string) {
    this.#value = value;
  }

  /** The value itself; to be called where it is used, nowhere earlier. */
  reveal(): string {
    return this.#value;
  }

  toString(): string {
    return '***';
  }

  toJSON(): string {
    return '***';
  }

  [inspect.custom](): string {
    return '***';
  }
}

/** A piece of a config schema: a text of at least one character, wrapped into a {@link Secret}. */
export function secret() {
  return z
    .string()
    .min(1)
    .transform((value) => new Secret(value));
}
