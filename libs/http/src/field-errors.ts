import type { FieldError } from '@orders/contracts';
import { escapePointer } from './json.js';

/** An issue of the Standard Schema, with what zod adds to it. */
interface Issue {
  readonly message: string;
  readonly path?: ReadonlyArray<PropertyKey | { readonly key: PropertyKey }> | undefined;
  readonly code?: string;
  readonly keys?: readonly string[];
}

/**
 * Turns issues of a schema into field errors, one for each unknown key. Names of unknown keys are cut after 64 characters.
 *
 * @param format makes the `pointer` of a path; default: {@link pointer}
 */
export function fieldErrors(
  issues: readonly Issue[],
  format: (path: readonly string[]) => string = pointer,
): FieldError[] {
  return issues.flatMap((issue) => {
    const path = (issue.path ?? []).map((step) => String(typeof step === 'object' ? step.key : step));
    if (issue.code !== 'unrecognized_keys' || !issue.keys)
      return [{ pointer: format(path), detail: detailOf(issue) }];
    return issue.keys.map((key) => ({
      pointer: format([...path, key.slice(0, 64)]),
      detail: 'is not a known field',
    }));
  });
}

function detailOf({ message }: Issue): string {
  return message.endsWith('received undefined') ? 'is required' : message;
}

/** A path into the body, as an RFC 6901 pointer. */
export function pointer(path: readonly string[]): string {
  return path.map((step) => `/${escapePointer(step)}`).join('');
}

/** The name of a query or path parameter. */
export function parameter(path: readonly string[]): string {
  return path.join('.');
}
