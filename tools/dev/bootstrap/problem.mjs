/** Something that the person at the keyboard can put right: shown as one line, without a stack. */
export class Problem extends Error {
  /** @override */
  name = 'Problem';
}

/**
 * Prints an error once, at the outermost edge.
 * @param {unknown} error
 * @returns {1} the exit code
 */
export function report(error) {
  if (error instanceof Problem) console.error(`✗ ${error.message}`);
  else if (isSystemError(error)) console.error(`✗ ${error.message}`);
  else console.error(error);
  return 1;
}

/** @param {unknown} error @returns {error is NodeJS.ErrnoException} */
function isSystemError(error) {
  return error instanceof Error && 'syscall' in error && 'path' in error;
}
