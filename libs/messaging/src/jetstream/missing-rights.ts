import { PermissionViolationError } from '@nats-io/transport-node';
import type { Log } from '../log.js';
import { RefusedSetupError } from './refused-setup.js';

/** Whoever needs a right tries again within this time, in ms: a refusal that is older has ended. */
const LASTS_MS = 30_000;
/** Requests to the JetStream API: who makes one gets the refusal, and reports it. A pull is none. */
const REQUEST = /^\$JS\.API\.(?!CONSUMER\.MSG\.NEXT\.)/;

/** What NATS has refused this process to do on a connection that it allows. */
export class MissingRights {
  private readonly refusedAt = new Map<string, number>();

  /** @param who as whom the process connects, for messages */
  constructor(
    private readonly who: () => string | undefined,
    private readonly logger: Log,
  ) {}

  /** The rights that were missing in the last 30 s, in one line; undefined when none was. */
  get problem(): string | undefined {
    this.forgetOld();
    return this.refusedAt.size > 0 ? [...this.refusedAt.keys()].join('; ') : undefined;
  }

  /** Logs a refusal that is new. */
  note(error: PermissionViolationError): void {
    if (REQUEST.test(error.subject)) return;
    const refusal = describeViolation(error, this.who());
    this.forgetOld();
    if (!this.refusedAt.has(refusal)) this.logger.error({}, refusal);
    this.refusedAt.set(refusal, performance.now());
  }

  private forgetOld(): void {
    for (const [refusal, at] of this.refusedAt)
      if (performance.now() - at > LASTS_MS) this.refusedAt.delete(refusal);
  }
}

/** What NATS has not allowed, when that is why a request failed; undefined when it failed otherwise. */
function violationIn(error: unknown): PermissionViolationError | undefined {
  for (let cause = error; cause instanceof Error; cause = cause.cause)
    if (cause instanceof PermissionViolationError) return cause;
  return undefined;
}

/** The refusal of a process that lacks a right; undefined when `error` has another reason. */
export function refusedRight(error: unknown): RefusedSetupError | undefined {
  if (error instanceof RefusedSetupError) return error;
  const violation = violationIn(error);
  return violation && new RefusedSetupError(describeViolation(violation), { cause: error });
}

/**
 * Waits for what only a user with certain rights may do.
 *
 * @param problem what stays undone without that, and what an operator does about it
 * @throws {RefusedSetupError} with the problem, when NATS does not allow it
 */
export async function needingRights<T>(work: Promise<T>, problem: string): Promise<T> {
  try {
    return await work;
  } catch (error) {
    const violation = violationIn(error);
    if (!violation) throw error;
    throw new RefusedSetupError(`${problem} (${describeViolation(violation)})`, { cause: error });
  }
}

/** One line with the right that is missing. */
function describeViolation({ operation, subject }: PermissionViolationError, who = 'this process'): string {
  // Each subscription has an inbox of its own.
  const where = subject.replace(/^(_INBOX[^.]*)\..*$/, '$1.>');
  return `NATS does not allow ${who} to ${operation === 'publish' ? 'publish' : 'subscribe'} to ${where}`;
}
