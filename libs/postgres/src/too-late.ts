import { DomainError } from '@orders/contracts';
import type { Deadline } from '@orders/resilience';

/** Nothing was done, and nobody waits for it any more. */
export function tooLate(cause?: unknown): DomainError {
  return new DomainError('deadline-exceeded', 'nothing was done within the time of the call', { cause });
}

/** @throws {DomainError} deadline-exceeded, when nobody waits for the answer any more */
export function assertAwaited(deadline: Deadline): void {
  if (deadline.over) throw tooLate();
}
