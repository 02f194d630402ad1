import type { StoredMsg } from '@nats-io/jetstream';
import { type MsgHdrs, MsgHdrsImpl } from '@nats-io/transport-node';
import type { Message } from '../message.js';

const utf8 = new TextDecoder();

/**
 * The headers of a message for a stream. They can be sent, not looked into: they are joined at once, where the client's
 * own are kept in a map, copied, and joined one by one.
 *
 * @throws {InvalidArgumentError} when a value has a line break
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

/** The headers in a block as NATS sends it; of a name that comes again the first value. */
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
 * The same for a message looked up in a stream. The client's own reading throws when somebody has sent a name that it
 * would not send itself; so the block is read, which it keeps to itself ({@link readHeaders}).
 */
export function storedHeaders(stored: StoredMsg): Record<string, string> {
  const { hdrs } = (stored as unknown as { smr: { message: { hdrs?: string } } }).smr.message;
  return hdrs === undefined ? {} : readHeaders(Buffer.from(hdrs, 'base64'));
}
