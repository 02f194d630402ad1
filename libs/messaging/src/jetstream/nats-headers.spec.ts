import { describe, expect, it } from '@jest/globals';
import { MsgHdrsImpl } from '@nats-io/transport-node';
import { someEvent } from '../testing/fixtures.js';
import { toNatsHeaders } from './nats-headers.js';

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
