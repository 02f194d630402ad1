import type { FieldError } from '@orders/contracts';
import { escapePointer } from './json.js';

/** What a zod issue says beyond the Standard Schema. */
interface Issue {
  readonly message: string;
  readonly path?: ReadonlyArray<PropertyKey | { readonly key: PropertyKey }> | undefined;
  readonly code?: string;
  readonly keys?: readonly string[];
}

/** The places that `issues` complain about; each unknown key is a place of its own. */
export function fieldErrors(
  issues: readonly Issue[],
  place: (path: readonly string[]) => string = pointer,
): FieldError[] {
  return issues.flatMap((issue) => {
    const path = (issue.path ?? []).map((step) => String(typeof step === 'object' ? step.key : step));
    if (issue.code !== 'unrecognized_keys' || !issue.keys)
      return [{ pointer: place(path), detail: wording(issue) }];
    return issue.keys.map((key) => ({
      pointer: place([...path, key.slice(0, 64)]),
      detail: 'is not a known field',
    }));
  });
}

function wording({ message }: Issue): string {
  return message.endsWith('received undefined') ? 'is required' : message;
}

/** An RFC 6901 pointer. */
export function pointer(path: readonly string[]): string {
  return path.map((step) => `/${escapePointer(step)}`).join('');
}

/** The name of a query or path parameter. */
export function parameter(path: readonly string[]): string {
  return path.join('.');
}
