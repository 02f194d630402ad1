import { randomBytes } from 'node:crypto';

/** The fields of a W3C `traceparent` header, named as in an OpenTelemetry span context. */
export interface TraceContext {
  /** 32 lower-case hex digits, not all zero. */
  traceId: string;
  /** 16 lower-case hex digits, not all zero. */
  spanId: string;
  /** 0 to 255; bit 0 = sampled. */
  traceFlags: number;
}

const TRACEPARENT = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/;

/**
 * Parses a W3C Trace Context `traceparent`. Later versions are parsed by the rules of version 00, as the specification
 * demands. Anything else, or more than 512 characters, gives `undefined`, never an error: a broken header starts a new
 * trace.
 */
export function parseTraceparent(text: unknown): TraceContext | undefined {
  if (typeof text !== 'string' || text.length > 512) return undefined;
  const match = TRACEPARENT.exec(text);
  if (!match) return undefined;
  const [, version, traceId = '', spanId = '', flags = '', rest] = match;
  if (version === 'ff' || (version === '00' && rest !== undefined)) return undefined;
  if (/^0+$/.test(traceId) || /^0+$/.test(spanId)) return undefined;
  return { traceId, spanId, traceFlags: Number.parseInt(flags, 16) };
}

/** The trace id of a `traceparent` that is known to be valid; use {@link parseTraceparent} for one from outside. */
export function traceIdOf(traceparent: string): string {
  return traceparent.slice(3, 35);
}

/** Does the sender of this `traceparent` record its trace? False when it is invalid. */
export function isSampled(traceparent: string): boolean {
  const flags = parseTraceparent(traceparent)?.traceFlags ?? 0;
  return (flags & 1) === 1;
}

/** The `traceparent` header for `context`, in version 00. */
export function formatTraceparent({ traceId, spanId, traceFlags }: TraceContext): string {
  return `00-${traceId}-${spanId}-${(traceFlags & 0xff).toString(16).padStart(2, '0')}`;
}

/** A new trace with random ids. It is marked as sampled, so that the services called record it if they trace. */
export function makeTraceparent(): string {
  const random = randomHex(48);
  // An all-zero id is invalid: one fixed digit rules it out.
  return `00-1${random.slice(1, 32)}-1${random.slice(33)}-01`;
}

// One call for 4 KiB of random bytes costs much less than many calls for a few.
let pool = '';
function randomHex(digits: number): string {
  if (pool.length < digits) pool = randomBytes(4_096).toString('hex');
  const taken = pool.slice(0, digits);
  pool = pool.slice(digits);
  return taken;
}
