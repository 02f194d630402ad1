import type { PermissionViolationError } from '@nats-io/transport-node';
import type { Log } from '../log.js';

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

/** One line with the right that is missing. */
export function describeViolation(
  { operation, subject }: PermissionViolationError,
  who = 'this process',
): string {
  // Each subscription has an inbox of its own.
  const where = subject.replace(/^(_INBOX[^.]*)\..*$/, '$1.>');
  return `NATS does not allow ${who} to ${operation === 'publish' ? 'publish' : 'subscribe'} to ${where}`;
}
