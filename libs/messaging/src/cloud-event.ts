import { z } from 'zod';
import type { Message } from './message.js';

/** The context of an event: CloudEvents 1.0 attributes and the extensions that we use. */
export interface EventContext {
  /** UUIDv7; unique for ever, kept when the event is published again. */
  readonly id: string;
  /** URI of the publishing service. */
  readonly source: string;
  /** What happened, in the past tense; the NATS subject too. */
  readonly type: string;
  /** The id of what it happened to; the partition key. */
  readonly subject: string;
  /** When it happened. */
  readonly time: Date;
  /** URI of the schema of the data. */
  readonly dataschema: string;
  /** 1, 2, 3 … for the events of one subject. */
  readonly sequence: number;
  /** The request that led to it. */
  readonly correlationId: string;
  /** W3C Trace Context of the span that published it, or, in the log, of the one that recorded it. */
  readonly traceparent: string;
}

/** An event as its handler gets it: the data has been checked against the schema of its type. */
export interface ReceivedEvent<Data = unknown> extends EventContext {
  readonly data: Data;
}

/** Less than a nats-server takes by default: 64 KiB of headers and, with them, 1 MiB in all. */
const MAX_HEADERS_LENGTH = 32 * 1_024;
const MAX_BODY_BYTES = 768 * 1_024;

/**
 * Writes an event as a message: CloudEvents 1.0, NATS protocol binding, binary content mode.
 *
 * @throws {RangeError} when no bus would take it: in the log it would hold up every event behind it for ever
 */
export function toMessage(context: EventContext, data: unknown): Message {
  const headers: Record<string, string> = {
    'ce-specversion': '1.0',
    'ce-id': context.id,
    'ce-source': context.source,
    'ce-type': context.type,
    'ce-subject': context.subject,
    'ce-time': context.time.toISOString(),
    'ce-dataschema': context.dataschema,
    'ce-datacontenttype': 'application/json',
    // Ordered as text, as the sequence extension asks for.
    'ce-sequence': String(context.sequence).padStart(10, '0'),
    'ce-partitionkey': context.subject,
    'ce-correlationid': context.correlationId,
    traceparent: context.traceparent,
  };
  let headersLength = 0;
  for (const name in headers) {
    headers[name] = encodeHeader(headers[name]!);
    headersLength += headers[name].length;
  }
  const body = JSON.stringify(data);
  if (headersLength > MAX_HEADERS_LENGTH || Buffer.byteLength(body) > MAX_BODY_BYTES) {
    throw new RangeError(`an event of type ${context.type} is too large for the bus`);
  }
  return { id: context.id, subject: context.type, headers, body };
}

const contextSchema = z.object({
  'ce-specversion': z.literal('1.0'),
  // Inboxes forget by the time that is in the id.
  'ce-id': z.uuidv7(),
  'ce-source': z.string().min(1),
  'ce-type': z.string().min(1),
  'ce-subject': z.string().min(1),
  'ce-time': z.iso.datetime({ offset: true }),
  'ce-dataschema': z.string().min(1),
  'ce-sequence': z.string().regex(/^\d{1,10}$/),
  'ce-correlationid': z.string().default(''),
  traceparent: z.string().default(''),
});

/**
 * Reads the context of an event from a message; the data is left unread.
 *
 * @throws {z.ZodError} when an attribute is missing or malformed
 */
export function readContext(message: Message): EventContext {
  const decoded: Record<string, string> = {};
  for (const [name, value] of Object.entries(message.headers))
    decoded[name.toLowerCase()] = decodeHeader(value);
  const headers = contextSchema.parse(decoded);
  return {
    id: headers['ce-id'],
    source: headers['ce-source'],
    type: headers['ce-type'],
    subject: headers['ce-subject'],
    time: new Date(headers['ce-time']),
    dataschema: headers['ce-dataschema'],
    sequence: Number(headers['ce-sequence']),
    correlationId: headers['ce-correlationid'],
    traceparent: headers.traceparent,
  };
}

/** Percent-encodes what the NATS binding says: everything but printable ASCII, and space, double quote, percent. */
function encodeHeader(value: string): string {
  // Nearly all are plain, and to look is cheaper than to replace.
  if (/^[\x21\x23\x24\x26-\x7e]*$/.test(value)) return value;
  return value.replace(/[^\x21-\x7e]|["%]/gu, encodeURIComponent);
}

function decodeHeader(value: string): string {
  if (!value.includes('%')) return value;
  try {
    return decodeURIComponent(value);
  } catch (error) {
    if (error instanceof URIError) return value;
    throw error;
  }
}
