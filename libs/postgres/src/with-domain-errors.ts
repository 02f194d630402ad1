import { DomainError } from '@orders/contracts';
import type { Deadline } from '@orders/resilience';
import { isInstallationFault } from './database-error.js';
import { deadlineExceeded } from './deadline-exceeded.js';

/**
 * Works on the database and turns errors that a caller can act on into DomainErrors. Any other error is a bug and is thrown
 * unchanged.
 *
 * @param deadline that of the work; none by default
 * @throws {DomainError} deadline-exceeded when the deadline is over, unavailable when the installation is at fault
 */
export async function withDomainErrors<T>(work: () => Promise<T>, deadline?: Deadline): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    if (cause instanceof DomainError) throw cause;
    if (deadline?.over) throw deadlineExceeded(cause);
    if (!isInstallationFault(cause)) throw cause;
    throw new DomainError('unavailable', 'the database cannot answer now', { cause });
  }
}
