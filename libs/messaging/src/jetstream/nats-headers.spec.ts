import { describe, expect, it } from '@jest/globals';
import { MsgHdrsImpl } from '@nats-io/transport-node';
import { someEvent } from '../testing/fixtures.js';
import { readHeaders, toNatsHeaders } from './nats-headers.js';

const sent = (...given: Parameters<typeof toNatsHeaders>) =>
  (toNatsHeaders(...given) as MsgHdrsImpl).encode();

describe('toNatsHeaders', () => {
  it('sends what the headers of the client would', () => {
    const message = { ...someEvent(), headers: { 'ce-type': 'orders.created', Plain: ' ünïcode ' } };
    const theirs = new MsgHdrsImpl();
    for (const [name, value] of Object.entries(message.headers)) theirs.append(name, value);
    theirs.append('Nats-Msg-Id', message.id);
    theirs.append('Nats-Expected-Stream', 'ORDERS');
    expect(Buffer.from(sent(message, 'ORDERS'))).toEqual(Buffer.from(theirs.encode()));
  });

  it('names no id when there is none', () => {
    const headers = MsgHdrsImpl.decode(sent({ ...someEvent(), id: '' }, 'ORDERS'));
    expect(headers.has('Nats-Msg-Id')).toBe(false);
  });

  it.each(['\r', '\n', 'a\r\nNats-Msg-Id: b'])('refuses a value that would begin another header', (value) => {
    expect(() => toNatsHeaders({ ...someEvent(), headers: { value } }, 'ORDERS')).toThrow('header');
  });
});

describe('readHeaders', () => {
  it('reads what was sent', () => {
    const headers = {
      'ce-type': 'orders.created',
      text: 'a: ünïcode',
      empty: '',
      constructor: 'a name like others',
    };
    const message = { ...someEvent(), headers };
    const added = { 'Nats-Msg-Id': message.id, 'Nats-Expected-Stream': 'ORDERS' };
    expect(readHeaders(sent(message, 'ORDERS'))).toEqual({ ...headers, ...added });
  });

  it.each([
    ['a status', 'NATS/1.0 100 Idle\r\na: 1\r\n\r\n', { a: '1' }],
    ['no space', 'NATS/1.0\r\na:1\r\n\r\n', { a: '1' }],
    ['a name again', 'NATS/1.0\r\na: 1\r\na: 2\r\n\r\n', { a: '1' }],
    ['no name', 'NATS/1.0\r\n: 1\r\nnothing\r\na: 1\r\n\r\n', { a: '1' }],
    ['none', 'NATS/1.0\r\n\r\n', {}],
  ])('reads a block with %s', (_what, block, headers) => {
    expect(readHeaders(Buffer.from(block))).toEqual(headers);
  });
});
