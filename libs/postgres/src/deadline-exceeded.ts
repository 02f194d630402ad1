import { DomainError } from '@orders/contracts';
import type { Deadline } from '@orders/resilience';

/**
 * The error of a call whose deadline passed.
 *
 * @param cause what ended the call. Default: the deadline, before anything was done. With a cause that is not known: a
 *   lost connection may have taken the answer to a COMMIT with it
 */
export function deadlineExceeded(cause?: unknown): DomainError {
  const detail =
    cause === undefined
      ? 'the deadline passed before anything was done'
      : 'the deadline passed; it is not known whether anything was done';
  return new DomainError('deadline-exceeded', detail, { cause });
}

/** @throws {DomainError} deadline-exceeded, when the deadline passed or the caller went away */
export function assertNotOver(deadline: Deadline): void {
  if (deadline.over) throw deadlineExceeded();
}
