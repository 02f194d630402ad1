import { randomBytes } from 'node:crypto';

/** The fields of a W3C `traceparent` header; the same shape as an OpenTelemetry span context. */
export interface TraceContext {
  /** 32 lower-case hex digits, not all zero. */
  traceId: string;
  /** 16 lower-case hex digits, not all zero. */
  spanId: string;
  /** The flags as a number; bit 0 = sampled. */
  traceFlags: number;
}

const TRACEPARENT = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/;

/**
 * Reads a W3C Trace Context `traceparent`. Later versions are read by the rules of version 00, as the
 * specification asks. Anything else gives `undefined`, never an error: a broken header starts a new trace.
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

/** The trace id in a `traceparent` that is known to be well-formed; of one from outside {@link parseTraceparent} tells. */
export function traceIdOf(traceparent: string): string {
  return traceparent.slice(3, 35);
}

/** Does whoever sent this `traceparent` record its trace? Not when it is unreadable. */
export function isSampled(traceparent: string): boolean {
  const flags = parseTraceparent(traceparent)?.traceFlags ?? 0;
  return (flags & 1) === 1;
}

/** The header that stands for `context`, in version 00. */
export function formatTraceparent({ traceId, spanId, traceFlags }: TraceContext): string {
  return `00-${traceId}-${spanId}-${(traceFlags & 0xff).toString(16).padStart(2, '0')}`;
}

/** A new trace with random ids, marked as sampled, so that whoever traces behind this process records it. */
export function makeTraceparent(): string {
  const random = randomHex(48);
  // An all-zero id is invalid; setting one digit costs nothing and rules it out.
  return `00-1${random.slice(1, 32)}-1${random.slice(33)}-01`;
}

// Random bytes are dear one by one and cheap by the page.
let pool = '';
function randomHex(digits: number): string {
  if (pool.length < digits) pool = randomBytes(4_096).toString('hex');
  const taken = pool.slice(0, digits);
  pool = pool.slice(digits);
  return taken;
}
