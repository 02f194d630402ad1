import { describe, expect, it } from '@jest/globals';
import { MsgHdrsImpl } from '@nats-io/transport-node';
import { someEvent } from '../testing/fixtures.js';
import { readHeaders, toNatsHeaders } from './nats-headers.js';

const sent = (...given: Parameters<typeof toNatsHeaders>) =>
  (toNatsHeaders(...given) as MsgHdrsImpl).encode();

describe('toNatsHeaders', () => {
  it('encodes as the headers class of the client does', () => {
    const message = { ...someEvent(), headers: { 'ce-type': 'orders.created', Plain: ' ünïcode ' } };
    const clientHeaders = new MsgHdrsImpl();
    for (const [name, value] of Object.entries(message.headers)) clientHeaders.append(name, value);
    clientHeaders.append('Nats-Msg-Id', message.id);
    clientHeaders.append('Nats-Expected-Stream', 'ORDERS');
    expect(Buffer.from(sent(message, 'ORDERS'))).toEqual(Buffer.from(clientHeaders.encode()));
  });

  it('omits the message id when there is none', () => {
    const headers = MsgHdrsImpl.decode(sent({ ...someEvent(), id: '' }, 'ORDERS'));
    expect(headers.has('Nats-Msg-Id')).toBe(false);
  });

  it.each(['\r', '\n', 'a\r\nNats-Msg-Id: b'])('refuses a value that would start another header', (value) => {
    expect(() => toNatsHeaders({ ...someEvent(), headers: { value } }, 'ORDERS')).toThrow('header');
  });
});

describe('readHeaders', () => {
  it('parses what toNatsHeaders encodes', () => {
    const headers = {
      'ce-type': 'orders.created',
      text: 'a: ünïcode',
      empty: '',
      constructor: 'a name that every object has',
    };
    const message = { ...someEvent(), headers };
    const added = { 'Nats-Msg-Id': message.id, 'Nats-Expected-Stream': 'ORDERS' };
    expect(readHeaders(sent(message, 'ORDERS'))).toEqual({ ...headers, ...added });
  });

  it.each([
    ['a status', 'NATS/1.0 100 Idle\r\na: 1\r\n\r\n', { a: '1' }],
    ['no space after the colon', 'NATS/1.0\r\na:1\r\n\r\n', { a: '1' }],
    ['a repeated name', 'NATS/1.0\r\na: 1\r\na: 2\r\n\r\n', { a: '1' }],
    ['a line without a name', 'NATS/1.0\r\n: 1\r\nnothing\r\na: 1\r\n\r\n', { a: '1' }],
    ['no headers', 'NATS/1.0\r\n\r\n', {}],
  ])('parses a block with %s', (_what, block, headers) => {
    expect(readHeaders(Buffer.from(block))).toEqual(headers);
  });
});
