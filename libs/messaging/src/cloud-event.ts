import { z } from 'zod';
import type { Message } from './message.js';

/** The context of an event: CloudEvents 1.0 attributes and the extensions that we use. */
export interface EventContext {
  /** UUIDv7; unique for ever, kept when the event is published again. */
  readonly id: string;
  /** URI of the publishing service. */
  readonly source: string;
  /** What happened, in the past tense; also the NATS subject. */
  readonly type: string;
  /** The id of the entity that it happened to; also the partition key. */
  readonly subject: string;
  /** When it happened. */
  readonly time: Date;
  /** URI of the schema of the data. */
  readonly dataschema: string;
  /** 1, 2, 3 … for the events of one subject. */
  readonly sequence: number;
  /** The id of the request that caused it. */
  readonly correlationId: string;
  /** W3C Trace Context: on the bus, of the span that published it; in the outbox log, of the span that recorded it. */
  readonly traceparent: string;
}

/** An event as its handler gets it: the data is validated against the schema of its type. */
export interface ReceivedEvent<Data = unknown> extends EventContext {
  readonly data: Data;
}

/** Below the default limits of a nats-server: 64 KiB of headers, and 1 MiB for headers and body together. */
const MAX_HEADERS_LENGTH = 32 * 1_024;
const MAX_BODY_BYTES = 768 * 1_024;

/**
 * Encodes an event as a message: CloudEvents 1.0, NATS protocol binding, binary content mode.
 *
 * @throws {RangeError} when the header values exceed 32 KiB or the body 768 KiB: the bus would refuse the message,
 *   and in the outbox log it would block all later events for ever
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
    // Zero-padded: the sequence extension demands that sequences can be ordered as text.
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
  // Inboxes need the time in the id to delete old entries.
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
 * Reads the context of an event from a message. Does not look at the data.
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

/** Percent-encodes as the NATS binding demands: all but printable ASCII, and space, double quote, percent. */
function encodeHeader(value: string): string {
  // Nearly all values need no encoding, and testing is cheaper than replacing.
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
