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

/** A piece of a config schema: a URL of one of these schemes (`postgres`), wrapped into a {@link Secret}. */
export function secretUrl(...schemes: readonly string[]) {
  return wrapped(z.string().refine((text) => isUrl(text, schemes), `must be a URL of ${named(schemes)}`));
}

/** The same for one URL or more, with commas in between. */
export function secretUrls(...schemes: readonly string[]) {
  const areUrls = (text: string): boolean => text.split(',').every((url) => isUrl(url.trim(), schemes));
  return wrapped(z.string().refine(areUrls, `must be a URL of ${named(schemes)}, or a list with commas`));
}

function wrapped(schema: z.ZodString) {
  return schema.transform((value) => new Secret(value));
}

function isUrl(text: string, schemes: readonly string[]): boolean {
  return URL.canParse(text) && schemes.some((scheme) => text.startsWith(`${scheme}://`));
}

function named(schemes: readonly string[]): string {
  return schemes.map((scheme) => `${scheme}://`).join(' or ');
}
