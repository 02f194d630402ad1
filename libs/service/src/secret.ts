import { inspect } from 'node:util';

import { z } from 'zod';

/** A value that prints as `***`: in logs, JSON, error messages and a debugger's summary. */
export class Secret {
  readonly #value: string;

  constructor(value: string) {
    this.#value = value;
  }

  /** The value itself. Call it only where the value is used. */
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

/** A config variable that is a URL of one of these schemes (`postgres`), parsed into a {@link Secret}. */
export function secretUrl(...schemes: readonly string[]) {
  return asSecret(z.string().refine((text) => isUrl(text, schemes), `must be a URL of ${listOf(schemes)}`));
}

/** {@link secretUrl} for one URL or several, separated by commas. */
export function secretUrls(...schemes: readonly string[]) {
  const areUrls = (text: string): boolean => text.split(',').every((url) => isUrl(url.trim(), schemes));
  return asSecret(z.string().refine(areUrls, `must be a URL of ${listOf(schemes)}, or a list with commas`));
}

function asSecret(schema: z.ZodString) {
  return schema.transform((value) => new Secret(value));
}

function isUrl(text: string, schemes: readonly string[]): boolean {
  return URL.canParse(text) && schemes.some((scheme) => text.startsWith(`${scheme}://`));
}

function listOf(schemes: readonly string[]): string {
  return schemes.map((scheme) => `${scheme}://`).join(' or ');
}
