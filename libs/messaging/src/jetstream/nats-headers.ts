import type { StoredMsg } from '@nats-io/jetstream';
import { type MsgHdrs, MsgHdrsImpl } from '@nats-io/transport-node';
import type { Message } from '../message.js';

const utf8 = new TextDecoder();

/**
 * The headers for publishing a message to a stream. They can only be sent, not read: they are joined into text at once.
 * The client's own class is slower: it keeps a map, copies it, and joins the headers one by one.
 *
 * @throws {InvalidArgumentError} when a value contains a line break
 */
export function toNatsHeaders({ id, headers }: Message, stream: string): MsgHdrs {
  let text = 'NATS/1.0\r\n';
  for (const name in headers) text += line(name, headers[name]!);
  if (id !== '') text += line('Nats-Msg-Id', id);
  text += line('Nats-Expected-Stream', stream);
  return new HeadersToSend(`${text}\r\n`);
}

class HeadersToSend extends MsgHdrsImpl {
  constructor(private readonly text: string) {
    super();
  }

  override encode(): Uint8Array {
    return Buffer.from(this.text);
  }
}

function line(name: string, value: string): string {
  return `${name}: ${MsgHdrsImpl.validHeaderValue(value)}\r\n`;
}

/** Parses a header block as NATS sends it. A repeated name keeps its first value. */
export function readHeaders(block: Uint8Array): Record<string, string> {
  const headers: Record<string, string> = {};
  const [, ...lines] = utf8.decode(block).split('\r\n');
  for (const line of lines) {
    const colon = line.indexOf(':');
    const name = line.slice(0, colon);
    if (colon > 0 && !Object.hasOwn(headers, name)) headers[name] = line.slice(colon + 1).trim();
  }
  return headers;
}

/**
 * The headers of a message looked up in a stream. The client's own parser throws on a header name that the client would
 * not send itself. So the raw block, a private field of the client, is parsed by {@link readHeaders}.
 */
export function storedHeaders(stored: StoredMsg): Record<string, string> {
  const { hdrs } = (stored as unknown as { smr: { message: { hdrs?: string } } }).smr.message;
  return hdrs === undefined ? {} : readHeaders(Buffer.from(hdrs, 'base64'));
}
