import { DomainError } from '@orders/contracts';
import type { Deadline } from '@orders/resilience';

/** The error of a call whose deadline was over before anything was done. */
export function deadlineExceeded(cause?: unknown): DomainError {
  return new DomainError('deadline-exceeded', 'the deadline passed before anything was done', { cause });
}

/** @throws {DomainError} deadline-exceeded, when the deadline passed or the caller went away */
export function assertNotOver(deadline: Deadline): void {
  if (deadline.over) throw deadlineExceeded();
}
