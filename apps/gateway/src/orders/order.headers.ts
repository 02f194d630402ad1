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

/** The next member of a list of entity tags (RFC 9110 sections 5.6.1 and 8.8.3); a member may be empty. */
const ENTITY_TAG = /[ \t]*(?:(W\/)?"([\x21\x23-\x7e\x80-\xff]*)"[ \t]*)?(?:,|$)/y;

/** An entity tag as we issue them. */
const VERSION = /^[1-9]\d{0,15}$/;

/**
 * The versions of which an `If-Match` header requires one (RFC 9110 section 13.1.1); undefined when any version matches
 * (absent, or `*`). Weak and foreign tags match no version.
 *
 * @throws {DomainError} `malformed-request` unless it is `*` or a list of entity tags
 */
export function parseIfMatch(header: string | undefined): number[] | undefined {
  if (header === undefined || header.trim() === '*') return undefined;
  const strong = entityTags('if-match', header).filter(({ weak, opaque }) => !weak && VERSION.test(opaque));
  return strong.map(({ opaque }) => Number(opaque)).filter(Number.isSafeInteger);
}

/**
 * Tells of a version whether an `If-None-Match` header names it, so that the client has it already (RFC 9110 section
 * 13.1.2): `*` names any, and a weak tag is as good as a strong one. Without the header none is named.
 *
 * @throws {DomainError} `malformed-request` unless it is `*` or a list of entity tags
 */
export function parseIfNoneMatch(header: string | undefined): (version: number) => boolean {
  if (header === undefined) return namesNone;
  if (header.trim() === '*') return () => true;
  const tags = new Set(entityTags('if-none-match', header).map(({ opaque }) => opaque));
  return (version) => tags.has(String(version));
}

const namesNone = () => false;

interface EntityTag {
  readonly weak: boolean;
  readonly opaque: string;
}

function entityTags(name: string, header: string): EntityTag[] {
  const tags: EntityTag[] = [];
  for (let at = 0; at < header.length; at = ENTITY_TAG.lastIndex) {
    ENTITY_TAG.lastIndex = at;
    const [match, weak, opaque] = ENTITY_TAG.exec(header) ?? [];
    if (match === undefined) throw notTags(name);
    if (opaque !== undefined) tags.push({ weak: weak !== undefined, opaque });
  }
  if (tags.length === 0) throw notTags(name);
  return tags;
}

function notTags(name: string): DomainError {
  return malformed(name, 'must be the ETag of an order, such as "1", a list of them, or *');
}

function malformed(pointer: string, detail: string): DomainError {
  return new DomainError('malformed-request', `The header ${pointer} ${detail}`, {
    errors: [{ pointer, detail }],
  });
}
