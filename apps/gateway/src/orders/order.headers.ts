import { DomainError, IDEMPOTENCY_KEY_PATTERN } from '@orders/contracts';

const QUOTED = /^"((?:[^"\\]|\\["\\])*)"$/;

/**
 * The key of an `Idempotency-Key` header. `"abc"`, a structured-field string (RFC 9651), and a bare `abc` are the same key.
 * `undefined` when the header is absent.
 *
 * @throws {DomainError} `malformed-request` unless it has 1 to 255 visible ASCII characters
 */
export function parseIdempotencyKey(header: string | string[] | undefined): string | undefined {
  if (header === undefined) return undefined;
  const text = String(header);
  const quoted = QUOTED.exec(text)?.[1];
  const key = quoted === undefined ? text : quoted.replaceAll(/\\(["\\])/g, '$1');
  if (IDEMPOTENCY_KEY_PATTERN.test(key)) return key;
  throw malformed('idempotency-key', 'must be 1 to 255 visible ASCII characters');
}

/**
 * The version that an `If-Match` header requires; 0 when any version matches (absent, or `*`).
 *
 * @throws {DomainError} `malformed-request` unless it is one strong entity tag as we issue them
 */
export function parseIfMatch(header: string | undefined): number {
  if (header === undefined || header === '*') return 0;
  const version = Number(/^"([1-9]\d{0,15})"$/.exec(header)?.[1]);
  if (Number.isSafeInteger(version)) return version;
  throw malformed('if-match', 'must be the ETag of an order, such as "1", or *');
}

function malformed(pointer: string, detail: string): DomainError {
  return new DomainError('malformed-request', `The header ${pointer} ${detail}`, {
    errors: [{ pointer, detail }],
  });
}
