/** Something that the person at the keyboard can put right: shown as one line, without a stack. */
export class Problem extends Error {
  /** @override */
  name = 'Problem';
  /** Of the process. @type {number} */
  exitCode = 1;
}

/** A command that was called the wrong way: exit code 2. */
export class UsageError extends Problem {
  /** @override */
  name = 'UsageError';
  /** @override */
  exitCode = 2;

  /** @param {string} message @param {ErrorOptions} [options] */
  constructor(message, options) {
    super(`${message} (--help says how)`, options);
  }
}

/**
 * Prints an error once, at the outermost edge.
 * @param {unknown} error
 * @returns {number} the exit code
 */
export function report(error) {
  if (error instanceof Problem) {
    console.error(`✗ ${error.message}`);
    return error.exitCode;
  }
  if (isSystemError(error)) console.error(`✗ ${error.message}`);
  else console.error(error);
  return 1;
}

/** @param {unknown} error @returns {error is NodeJS.ErrnoException} */
function isSystemError(error) {
  return error instanceof Error && 'syscall' in error && 'path' in error;
}
